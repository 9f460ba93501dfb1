/** A learner reads, searches, votes, or writes in the forum; what is written is kept for the file. */
import { SECOND_US } from './calendar.js';
import type { Actor } from './schedule.js';
import { pythonJson, type Session } from './session.js';
import { listOf, type Post } from './world.js';

const PHRASES = [
  'I do not see why the second step holds.',
  'Has anyone compared both approaches?',
  'The lecture at 3:15 answers this, I think.',
  'Danke schön, that helped — très bien!',
  'My plot looks like this:\n\n    y = x**2\n\nIs that right?',
  'Could "somebody" explain \\alpha here?',
  'Same question; week 2\tis confusing.',
  'Found it 😀 never mind.',
];

/** Posts of a course are bounded by its learners, so that a long run does not grow for ever. */
const POSTS_PER_LEARNER = 3;

export function* useForum(session: Session): Actor {
  const { random, course, world } = session;
  const posts = listOf(world.posts, course);
  const board = random.pick(course.boards);
  session.request(`${course.path}/discussion/forum`);
  yield random.exponential(20) * SECOND_US + SECOND_US;
  if (random.chance(0.3)) {
    session.request(`${course.path}/discussion/forum/search`);
    session.server(
      'edx.forum.searched',
      `{"query": "${random.pick(['week 2', 'proof', 'homework'])}", "page": 1, "total_results": ${random.below(posts.length + 1)}, "corrected_text": null, "group_id": null}`,
    );
    yield random.exponential(30) * SECOND_US;
  }
  const threads = posts.slice(-40).filter((post) => post.threadOid === undefined);
  if (threads.length > 0) {
    const thread = random.pick(threads);
    session.request(`${course.path}/discussion/forum/${thread.board}/threads/${thread.oid}`);
    yield random.exponential(40) * SECOND_US + SECOND_US;
    if (random.chance(0.2)) vote(session, thread);
  }
  const enrolled = listOf(world.enrolments, course).length;
  if (posts.length >= enrolled * POSTS_PER_LEARNER || random.chance(0.5)) return;
  const parent = threads.length > 0 && random.chance(0.6) ? random.pick(threads) : undefined;
  yield random.exponential(90) * SECOND_US + SECOND_US;
  const post: Post = {
    oid: random.hex(24),
    author: session.enrolment.learner,
    threadOid: parent?.oid,
    board: parent?.board ?? board,
    title:
      parent === undefined ? `Question about ${random.pick(['week 1', 'the quiz', '"bias"'])}` : '',
    body: `${random.pick(PHRASES)} ${random.pick(PHRASES)}`,
    createdUs: session.nowUs,
    upVotes: [],
  };
  posts.push(post);
  const body = pythonJson(post.body);
  if (parent === undefined) {
    session.request(
      `${course.path}/discussion/${post.board}/threads/create`,
      `{"body": [${body}], "anonymous_to_peers": ["false"], "title": [${pythonJson(post.title)}], "anonymous": ["false"]}`,
    );
  } else {
    session.request(`${course.path}/discussion/threads/${parent.oid}/reply`, `{"body": [${body}]}`);
  }
  session.server(
    parent === undefined ? 'edx.forum.thread.created' : 'edx.forum.response.created',
    `{"id": "${post.oid}", "body": ${body}, "title": ${pythonJson(post.title)}, "commentable_id": "${post.board}", "category_id": "${post.board}", "truncated": false, "anonymous": false, "anonymous_to_peers": false, "group_id": null, "options": {"followed": false}, "user_course_roles": [], "user_forums_roles": ["Student"]${parent === undefined ? ', "thread_type": "discussion"' : `, "discussion": {"id": "${parent.oid}"}`}}`,
  );
}

function vote(session: Session, post: Post): void {
  const { id } = session.enrolment.learner;
  if (post.author.id === id || post.upVotes.length >= 20 || post.upVotes.includes(id)) return;
  post.upVotes.push(id);
  session.request(`${session.course.path}/discussion/threads/${post.oid}/upvote`, '{}');
}
