CREATE OR REPLACE VIEW `student_courseenrollment` (
  `organization` LowCardinality(String) COMMENT 'Organization, lower case, from the name of the package.',
  `site` LowCardinality(String) COMMENT 'prod or edge; empty where the name of the file does not say.',
  `course_id` String COMMENT 'Course id. The value in the row of the file where the file has such a column (and the row a value), else the course of the file.',
  `snapshot_date` Date COMMENT 'Date of the package that brought the row.',
  `line` UInt64 COMMENT 'Physical line of the file on which the row begins; the header is line 1.',
  `id` Nullable(Int64) COMMENT 'Number of the row in the database of edX.',
  `user_id` Nullable(Int64) COMMENT 'Number of the user; joins auth_user.id of the same site.',
  `created` Nullable(DateTime64(6, 'UTC')) COMMENT 'When the user first enrolled (UTC); enrolling again keeps it.',
  `is_active` Nullable(UInt8) COMMENT '0 after the learner left the course.',
  `mode` LowCardinality(Nullable(String)) COMMENT 'Enrolment mode: honor, audit, verified, … (an open set).',
  `uncast` Map(LowCardinality(String), String) COMMENT 'Values that do not fit the type of their column, as the file has them; the column itself is NULL.',
  `file_id` UInt64 COMMENT 'The file, as in database_files.file_id.'
) AS
SELECT `organization`, `site`, `course_id`, `snapshot_date`, `line`, `id`, `user_id`, `created`, `is_active`, `mode`, `uncast`, `file_id`
FROM `student_courseenrollment_snapshots`
WHERE file_id IN (
  SELECT file_id FROM latest_database_files WHERE table_name = 'student_courseenrollment'
)
COMMENT 'Enrolments: the first time, and whether it still stands. The latest loaded snapshot of each course.'
