CREATE OR REPLACE VIEW `forum_post` AS
SELECT `organization`, `site`, `course_id`, `snapshot_date`, `line`, `id`, `kind`, `author_id`, `author_username`, `retired_username`, `title`, `body`, `thread_id`, `parent_id`, `parent_ids`, `commentable_id`, `thread_type`, `context`, `group_id`, `anonymous`, `anonymous_to_peers`, `visible`, `pinned`, `closed`, `endorsed`, `comment_count`, `depth`, `created_at`, `updated_at`, `last_activity_at`, `votes_up`, `votes_down`, `abuse_flaggers`, `historical_abuse_flaggers`, `endorsement`, `sort_key`, `document`, uncast, file_id
FROM `forum_post_snapshots`
WHERE file_id IN (
  SELECT file_id FROM latest_database_files WHERE table_name = 'forum_post'
)
COMMENT 'Forum threads, responses and comments, one row per post. The latest loaded snapshot of each course.'
