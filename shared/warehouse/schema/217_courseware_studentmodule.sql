CREATE OR REPLACE VIEW `courseware_studentmodule` AS
SELECT `organization`, `site`, `course_id`, `snapshot_date`, `line`, `id`, `module_type`, `module_id`, `student_id`, `state`, `grade`, `created`, `modified`, `max_grade`, `done`, uncast, file_id
FROM `courseware_studentmodule_snapshots`
WHERE file_id IN (
  SELECT file_id FROM latest_database_files WHERE table_name = 'courseware_studentmodule'
)
COMMENT 'The state of each learner in each course block; one row per block and learner. The latest loaded snapshot of each course.'
