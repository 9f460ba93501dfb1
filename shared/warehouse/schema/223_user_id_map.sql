CREATE OR REPLACE VIEW `user_id_map` (
  `organization` LowCardinality(String) COMMENT 'Organization, lower case, from the name of the package.',
  `site` LowCardinality(String) COMMENT 'prod or edge; empty where the name of the file does not say.',
  `course_id` String COMMENT 'Course id: the course of the file, see database_files.course_id.',
  `snapshot_date` Date COMMENT 'Date of the package that brought the row.',
  `line` UInt64 COMMENT 'Physical line of the file on which the row begins; the header is line 1.',
  `hash_id` Nullable(String) COMMENT 'Site-wide anonymous id, 32 hexadecimal digits.',
  `id` Nullable(Int64) COMMENT 'Number of the user; the header of newer files calls it user_id.',
  `username` Nullable(String) COMMENT 'Name of the user in tracking events.',
  `uncast` Map(LowCardinality(String), String) COMMENT 'Values that do not fit the type of their column, as the file has them; the column itself is NULL.',
  `file_id` UInt64 COMMENT 'The file, as in database_files.file_id.',
  `user_id` Nullable(Int64) COMMENT 'The same as id.'
) AS
SELECT `organization`, `site`, `course_id`, `snapshot_date`, `line`, `hash_id`, `id`, `username`, `uncast`, `file_id`, `id` AS `user_id`
FROM `user_id_map_snapshots`
WHERE file_id IN (
  SELECT file_id FROM latest_database_files WHERE table_name = 'user_id_map'
)
COMMENT 'Site-wide anonymous ids of users. The latest loaded snapshot of each course.'
