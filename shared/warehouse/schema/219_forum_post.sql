CREATE OR REPLACE VIEW `forum_post` (
  `organization` LowCardinality(String) COMMENT 'Organization, lower case, from the name of the package.',
  `site` LowCardinality(String) COMMENT 'prod or edge; empty where the name of the file does not say.',
  `course_id` String COMMENT 'Course id. The value in the row of the file where the file has such a column (and the row a value), else the course of the file.',
  `snapshot_date` Date COMMENT 'Date of the package that brought the row.',
  `line` UInt64 COMMENT 'Physical line of the file on which the row begins; the header is line 1.',
  `id` Nullable(String) COMMENT 'Id of the post, 24 hexadecimal digits.',
  `kind` LowCardinality(Nullable(String)) COMMENT 'thread, response (to a thread) or comment (on a response).',
  `author_id` Nullable(Int64) COMMENT 'Number of the author; NULL where it is missing or no number.',
  `author_username` Nullable(String) COMMENT 'Author username.',
  `retired_username` Nullable(String) COMMENT 'Retired username.',
  `title` Nullable(String) COMMENT 'Title.',
  `body` Nullable(String) COMMENT 'Text of the post, Markdown.',
  `thread_id` Nullable(String) COMMENT 'The thread that a response or comment belongs to; of a thread, its own id.',
  `parent_id` Nullable(String) COMMENT 'The response that a comment is on.',
  `parent_ids` Array(String) COMMENT 'Parent ids.',
  `commentable_id` LowCardinality(Nullable(String)) COMMENT 'Topic of the thread.',
  `thread_type` LowCardinality(Nullable(String)) COMMENT 'Thread type.',
  `context` LowCardinality(Nullable(String)) COMMENT 'Context.',
  `group_id` Nullable(Int64) COMMENT 'Number or id of the group.',
  `anonymous` Nullable(UInt8) COMMENT 'Anonymous.',
  `anonymous_to_peers` Nullable(UInt8) COMMENT 'Anonymous to peers.',
  `visible` Nullable(UInt8) COMMENT 'Visible.',
  `pinned` Nullable(UInt8) COMMENT 'Pinned.',
  `closed` Nullable(UInt8) COMMENT 'Closed.',
  `endorsed` Nullable(UInt8) COMMENT 'Endorsed.',
  `comment_count` Nullable(Int64) COMMENT 'Comment count.',
  `depth` Nullable(Int64) COMMENT 'Depth.',
  `created_at` Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was created (UTC).',
  `updated_at` Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was last changed (UTC).',
  `last_activity_at` Nullable(DateTime64(6, 'UTC')) COMMENT 'Last activity at.',
  `votes_up` Array(String) COMMENT 'Numbers of the users who voted for the post.',
  `votes_down` Array(String) COMMENT 'Numbers of the users who voted against the post.',
  `abuse_flaggers` Array(String) COMMENT 'Abuse flaggers.',
  `historical_abuse_flaggers` Array(String) COMMENT 'Historical abuse flaggers.',
  `endorsement` Nullable(String) COMMENT 'Endorsement.',
  `sort_key` Nullable(String) COMMENT 'Sort key.',
  `document` Nullable(String) COMMENT 'The whole document, as the line of the file has it.',
  `uncast` Map(LowCardinality(String), String) COMMENT 'Values that do not fit the type of their column, as the file has them; the column itself is NULL.',
  `file_id` UInt64 COMMENT 'The file, as in database_files.file_id.'
) AS
SELECT `organization`, `site`, `course_id`, `snapshot_date`, `line`, `id`, `kind`, `author_id`, `author_username`, `retired_username`, `title`, `body`, `thread_id`, `parent_id`, `parent_ids`, `commentable_id`, `thread_type`, `context`, `group_id`, `anonymous`, `anonymous_to_peers`, `visible`, `pinned`, `closed`, `endorsed`, `comment_count`, `depth`, `created_at`, `updated_at`, `last_activity_at`, `votes_up`, `votes_down`, `abuse_flaggers`, `historical_abuse_flaggers`, `endorsement`, `sort_key`, `document`, `uncast`, `file_id`
FROM `forum_post_snapshots`
WHERE file_id IN (
  SELECT file_id FROM latest_database_files WHERE table_name = 'forum_post'
)
COMMENT 'Forum threads, responses and comments, one row per post. The latest loaded snapshot of each course.'
