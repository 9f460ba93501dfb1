CREATE OR REPLACE VIEW `student_courseenrollment` AS
SELECT `organization`, `site`, `course_id`, `snapshot_date`, `line`, `id`, `user_id`, `created`, `is_active`, `mode`, uncast, file_id
FROM `student_courseenrollment_snapshots`
WHERE file_id IN (
  SELECT file_id FROM latest_database_files WHERE table_name = 'student_courseenrollment'
)
COMMENT 'Enrolments: the first time, and whether it still stands. The latest loaded snapshot of each course.'
