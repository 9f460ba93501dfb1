CREATE OR REPLACE VIEW `wiki_article` (
  `organization` LowCardinality(String) COMMENT 'Organization, lower case, from the name of the package.',
  `site` LowCardinality(String) COMMENT 'prod or edge; empty where the name of the file does not say.',
  `course_id` String COMMENT 'Course id: the course of the file, see database_files.course_id.',
  `snapshot_date` Date COMMENT 'Date of the package that brought the row.',
  `line` UInt64 COMMENT 'Physical line of the file on which the row begins; the header is line 1.',
  `id` Nullable(Int64) COMMENT 'Number of the row in the database of edX.',
  `current_revision_id` Nullable(Int64) COMMENT 'Number or id of the current revision.',
  `created` Nullable(DateTime64(6, 'UTC')) COMMENT 'When the row was created (UTC).',
  `modified` Nullable(DateTime64(6, 'UTC')) COMMENT 'When the row was last changed (UTC).',
  `owner_id` Nullable(Int64) COMMENT 'Number or id of the owner.',
  `group_id` Nullable(Int64) COMMENT 'Number or id of the group.',
  `group_read` Nullable(UInt8) COMMENT 'Group read.',
  `group_write` Nullable(UInt8) COMMENT 'Group write.',
  `other_read` Nullable(UInt8) COMMENT 'Other read.',
  `other_write` Nullable(UInt8) COMMENT 'Other write.',
  `uncast` Map(LowCardinality(String), String) COMMENT 'Values that do not fit the type of their column, as the file has them; the column itself is NULL.',
  `file_id` UInt64 COMMENT 'The file, as in database_files.file_id.'
) AS
SELECT `organization`, `site`, `course_id`, `snapshot_date`, `line`, `id`, `current_revision_id`, `created`, `modified`, `owner_id`, `group_id`, `group_read`, `group_write`, `other_read`, `other_write`, `uncast`, `file_id`
FROM `wiki_article_snapshots`
WHERE file_id IN (
  SELECT file_id FROM latest_database_files WHERE table_name = 'wiki_article'
)
COMMENT 'Wiki articles; every run of a course number delivers the same ones. The latest loaded snapshot of each course.'
