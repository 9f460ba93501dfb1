/**
 * What each column of a side table means, for the comments in the warehouse and for docs/schema.md.
 * A comment is looked up as `table.column`, then as `column`, then derived from the name.
 */
const COMMENTS: Readonly<Record<string, string>> = {
  id: 'Number of the row in the database of edX',
  created: 'When the row was created (UTC)',
  modified: 'When the row was last changed (UTC)',
  created_at: 'When it was created (UTC)',
  updated_at: 'When it was last changed (UTC)',
  user_id: 'Number of the user; joins auth_user.id of the same site',
  student_id: 'Number of the user; joins auth_user.id of the same site',
  username: 'Name of the user in tracking events',
  name: 'Name',
  mode: 'Enrolment mode: honor, audit, verified, … (an open set)',
  status: 'Status (an open set)',
  submission_uuid: 'The submission; joins submissions_submission.uuid',
  item_id: 'Usage id of the block',
  order_num: 'Position, from 0',
  raw_answer: 'The answer, JSON, now and then JSON inside JSON',
  'auth_user.id':
    'Number of the user on this site; the number spaces of prod and edge are different',
  'auth_user.email': 'E-mail address',
  'auth_user.password': 'Always empty or redacted',
  'auth_user.is_active': '1 where the e-mail address was confirmed',
  'auth_user.last_login': 'Last time the user signed in (UTC)',
  'auth_user.date_joined': 'When the account was created (UTC)',
  'auth_userprofile.meta': 'JSON with earlier names and addresses; now and then empty or no JSON',
  'auth_userprofile.gender': 'f, m, o; empty: not answered; NULL: not asked',
  'auth_userprofile.level_of_education':
    'p doctorate, m, b, a, hs, jhs, el, none, other; empty: not answered; NULL: not asked',
  'auth_userprofile.year_of_birth': 'Year of birth as the user gave it',
  'auth_userprofile.country': 'Two-letter country code as the user gave it',
  'certificates_generatedcertificate.grade':
    'Grade when the certificate was computed. Text as edX has it, for it may be empty: toFloat64OrNull(grade) makes it a number',
  'certificates_generatedcertificate.status': 'downloadable means: has a certificate',
  'courseware_studentmodule.module_id': 'Usage id of the block',
  'courseware_studentmodule.module_type': 'Category of the block: problem, video, sequential, …',
  'courseware_studentmodule.state': 'JSON: what the block remembers of the learner',
  'courseware_studentmodule.grade': 'Points earned; NULL where it was never scored',
  'courseware_studentmodule.max_grade': 'Points that can be earned',
  'courseware_studentmodule.done': 'Always na',
  'student_courseenrollment.created':
    'When the user first enrolled (UTC); enrolling again keeps it',
  'student_courseenrollment.is_active': '0 after the learner left the course',
  'user_id_map.id': 'Number of the user; the header of newer files calls it user_id',
  'user_id_map.hash_id': 'Site-wide anonymous id, 32 hexadecimal digits',
  'forum_post.id': 'Id of the post, 24 hexadecimal digits',
  'forum_post.kind': 'thread, response (to a thread) or comment (on a response)',
  'forum_post.author_id': 'Number of the author; NULL where it is missing or no number',
  'forum_post.thread_id':
    'The thread that a response or comment belongs to; of a thread, its own id',
  'forum_post.parent_id': 'The response that a comment is on',
  'forum_post.document': 'The whole document, as the line of the file has it',
  'forum_post.commentable_id': 'Topic of the thread',
  'forum_post.votes_up': 'Numbers of the users who voted for the post',
  'forum_post.votes_down': 'Numbers of the users who voted against the post',
  'forum_post.body': 'Text of the post, Markdown',
  'course_structure.id': 'Usage id of the block',
  'course_structure.category': 'course, chapter, sequential, vertical, problem, video, …',
  'course_structure.parent':
    'The block that names this one among its children and comes first in the file; empty where none does or where it is too far away',
  'course_structure.children': 'Usage ids of the children, in order; some may not exist',
  'course_structure.metadata': 'JSON: settings of the block',
  'course_structure.display_name': 'Title of the block',
  'email_opt_in.is_opted_in_for_email': '1 where the learner agreed',
  'student_languageproficiency.user_profile_id': 'Joins auth_userprofile.id, not the user number',
  'grades_persistentcoursegrade.percent_grade': 'Grade from 0 to 1',
  'grades_persistentcoursegrade.letter_grade': 'Empty where the learner has not passed',
  'grades_persistentcoursegrade.passed_timestamp': 'When the learner first passed (UTC)',
  'student_anonymoususerid.anonymous_user_id': 'Joins student_id of the open response tables',
};

/** The comments of the columns that every side table has. */
export const COMMON_COMMENTS = {
  organization: 'Organization, lower case, from the name of the package',
  site: 'prod or edge; empty where the name of the file does not say',
  courseOwn:
    'Course id. The value in the row of the file where the file has such a column (and the row a value), else the course of the file',
  courseOfFile: 'Course id: the course of the file, see database_files.course_id',
  snapshot_date: 'Date of the package that brought the row',
  line: 'Physical line of the file on which the row begins; the header is line 1',
  file_id: 'The file, as in database_files.file_id',
  uncast:
    'Values that do not fit the type of their column, as the file has them; the column itself is NULL',
} as const;

/** One sentence on a column of a table. */
export function columnComment(table: string, column: string): string {
  const known = COMMENTS[`${table}.${column}`] ?? COMMENTS[column];
  if (known !== undefined) return known;
  if (column.endsWith('_id')) return `Number or id of the ${words(column.slice(0, -3))}`;
  if (column.startsWith('is_')) return `1 where it is: ${words(column.slice(3))}`;
  const text = words(column);
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function words(name: string): string {
  return name.replaceAll('_', ' ');
}
