CREATE TABLE IF NOT EXISTS `certificates_generatedcertificate_snapshots` (
  `organization` LowCardinality(String) COMMENT 'Organization, lower case, from the name of the package.',
  `site` LowCardinality(String) COMMENT 'prod or edge; empty where the name of the file does not say.',
  `course_id` String COMMENT 'Course id. The value in the row of the file where the file has such a column (and the row a value), else the course of the file.',
  `snapshot_date` Date COMMENT 'Date of the package that brought the row.',
  `line` UInt64 COMMENT 'Physical line of the file on which the row begins; the header is line 1.',
  `id` Nullable(Int64) COMMENT 'Number of the row in the database of edX.',
  `user_id` Nullable(Int64) COMMENT 'Number of the user; joins auth_user.id of the same site.',
  `download_url` Nullable(String) COMMENT 'Download url.',
  `grade` Nullable(String) COMMENT 'Grade when the certificate was computed. Text as edX has it, for it may be empty: toFloat64OrNull(grade) makes it a number.',
  `key` Nullable(String) COMMENT 'Key.',
  `distinction` Nullable(UInt8) COMMENT 'Distinction.',
  `status` LowCardinality(Nullable(String)) COMMENT 'downloadable means: has a certificate.',
  `verify_uuid` Nullable(String) COMMENT 'Verify uuid.',
  `download_uuid` Nullable(String) COMMENT 'Download uuid.',
  `name` Nullable(String) COMMENT 'Name.',
  `created_date` Nullable(DateTime64(6, 'UTC')) COMMENT 'Created date.',
  `modified_date` Nullable(DateTime64(6, 'UTC')) COMMENT 'Modified date.',
  `error_reason` Nullable(String) COMMENT 'Error reason.',
  `mode` LowCardinality(Nullable(String)) COMMENT 'Enrolment mode: honor, audit, verified, … (an open set).',
  `uncast` Map(LowCardinality(String), String) COMMENT 'Values that do not fit the type of their column, as the file has them; the column itself is NULL.',
  `file_id` UInt64 COMMENT 'The file, as in database_files.file_id.',
  INDEX file_id_index file_id TYPE set(64) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(snapshot_date)
ORDER BY (course_id, organization, site, snapshot_date, line)
COMMENT 'Certificates: one row per learner for whom one was computed. All snapshots; certificates_generatedcertificate shows the latest.'
