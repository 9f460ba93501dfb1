CREATE TABLE IF NOT EXISTS `courseware_studentmodule_snapshots` (
  `organization` LowCardinality(String) COMMENT 'Organization, lower case, from the name of the package.',
  `site` LowCardinality(String) COMMENT 'prod or edge; empty where the name of the file does not say.',
  `course_id` String COMMENT 'Course id. The value in the row of the file where the file has such a column (and the row a value), else the course of the file.',
  `snapshot_date` Date COMMENT 'Date of the package that brought the row.',
  `line` UInt64 COMMENT 'Physical line of the file on which the row begins; the header is line 1.',
  `id` Nullable(Int64) COMMENT 'Number of the row in the database of edX.',
  `module_type` LowCardinality(Nullable(String)) COMMENT 'Category of the block: problem, video, sequential, ….',
  `module_id` Nullable(String) COMMENT 'Usage id of the block.',
  `student_id` Nullable(Int64) COMMENT 'Number of the user; joins auth_user.id of the same site.',
  `state` Nullable(String) COMMENT 'JSON: what the block remembers of the learner.' CODEC(ZSTD(1)),
  `grade` Nullable(Float64) COMMENT 'Points earned; NULL where it was never scored.',
  `created` Nullable(DateTime64(6, 'UTC')) COMMENT 'When the row was created (UTC).',
  `modified` Nullable(DateTime64(6, 'UTC')) COMMENT 'When the row was last changed (UTC).',
  `max_grade` Nullable(Float64) COMMENT 'Points that can be earned.',
  `done` LowCardinality(Nullable(String)) COMMENT 'Always na.',
  `uncast` Map(LowCardinality(String), String) COMMENT 'Values that do not fit the type of their column, as the file has them; the column itself is NULL.',
  `file_id` UInt64 COMMENT 'The file, as in database_files.file_id.',
  INDEX file_id_index file_id TYPE set(64) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(snapshot_date)
ORDER BY (course_id, organization, site, snapshot_date, line)
COMMENT 'The state of each learner in each course block; one row per block and learner. All snapshots; courseware_studentmodule shows the latest.'
