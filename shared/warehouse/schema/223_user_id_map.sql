CREATE OR REPLACE VIEW `user_id_map` AS
SELECT `organization`, `site`, `course_id`, `snapshot_date`, `line`, `hash_id`, `id`, `username`, `id` AS `user_id`, uncast, file_id
FROM `user_id_map_snapshots`
WHERE file_id IN (
  SELECT file_id FROM latest_database_files WHERE table_name = 'user_id_map'
)
COMMENT 'Site-wide anonymous ids of users. The latest loaded snapshot of each course.'
