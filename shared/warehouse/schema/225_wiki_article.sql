CREATE OR REPLACE VIEW `wiki_article` AS
SELECT `organization`, `site`, `course_id`, `snapshot_date`, `line`, `id`, `current_revision_id`, `created`, `modified`, `owner_id`, `group_id`, `group_read`, `group_write`, `other_read`, `other_write`, uncast, file_id
FROM `wiki_article_snapshots`
WHERE file_id IN (
  SELECT file_id FROM latest_database_files WHERE table_name = 'wiki_article'
)
COMMENT 'Wiki articles; every run of a course number delivers the same ones. The latest loaded snapshot of each course.'
