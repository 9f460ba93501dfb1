/** The forum of a course as mongoexport writes it: one JSON document a line, old `$date` form. */

import type { Snapshot } from './table-rows.js';
import { listOf, type Post } from './world.js';

export function* forumDocuments({ world, course }: Snapshot): Iterable<string> {
  for (const post of listOf(world.posts, course)) {
    yield `${JSON.stringify(document(post, course.id))}\n`;
  }
}

function document(post: Post, courseId: string) {
  const written = { $date: Math.floor(post.createdUs / 1000) };
  const common = {
    _id: { $oid: post.oid },
    _type: post.threadOid === undefined ? 'CommentThread' : 'Comment',
    abuse_flaggers: [],
    anonymous: false,
    anonymous_to_peers: false,
    at_position_list: [],
    author_id: String(post.author.id),
    author_username: post.author.username,
    body: post.body,
    course_id: courseId,
    created_at: written,
    updated_at: written,
    historical_abuse_flaggers: [],
    visible: true,
    votes: {
      up: post.upVotes.map(String),
      down: [],
      up_count: post.upVotes.length,
      down_count: 0,
      count: post.upVotes.length,
      point: post.upVotes.length,
    },
  };
  if (post.threadOid !== undefined) {
    return {
      ...common,
      comment_thread_id: { $oid: post.threadOid },
      endorsed: false,
      parent_ids: [],
      sk: post.oid,
    };
  }
  return {
    ...common,
    closed: false,
    commentable_id: post.board,
    last_activity_at: written,
    tags_array: [],
    title: post.title,
  };
}
