CREATE OR REPLACE VIEW `auth_userprofile` (
  `organization` LowCardinality(String) COMMENT 'Organization, lower case, from the name of the package.',
  `site` LowCardinality(String) COMMENT 'prod or edge; empty where the name of the file does not say.',
  `course_id` String COMMENT 'Course id: the course of the file, see database_files.course_id.',
  `snapshot_date` Date COMMENT 'Date of the package that brought the row.',
  `line` UInt64 COMMENT 'Physical line of the file on which the row begins; the header is line 1.',
  `id` Nullable(Int64) COMMENT 'Number of the row in the database of edX.',
  `user_id` Nullable(Int64) COMMENT 'Number of the user; joins auth_user.id of the same site.',
  `name` Nullable(String) COMMENT 'Name.',
  `language` Nullable(String) COMMENT 'Language.',
  `location` Nullable(String) COMMENT 'Location.',
  `meta` Nullable(String) COMMENT 'JSON with earlier names and addresses; now and then empty or no JSON.',
  `courseware` Nullable(String) COMMENT 'Courseware.',
  `gender` Nullable(String) COMMENT 'f, m, o; empty: not answered; NULL: not asked.',
  `mailing_address` Nullable(String) COMMENT 'Mailing address.',
  `year_of_birth` Nullable(Int64) COMMENT 'Year of birth as the user gave it.',
  `level_of_education` Nullable(String) COMMENT 'p doctorate, m, b, a, hs, jhs, el, none, other; empty: not answered; NULL: not asked.',
  `goals` Nullable(String) COMMENT 'Goals.',
  `country` Nullable(String) COMMENT 'Two-letter country code as the user gave it.',
  `city` Nullable(String) COMMENT 'City.',
  `bio` Nullable(String) COMMENT 'Bio.',
  `profile_image_uploaded_at` Nullable(DateTime64(6, 'UTC')) COMMENT 'Profile image uploaded at.',
  `state` Nullable(String) COMMENT 'State.',
  `allow_certificate` Nullable(UInt8) COMMENT 'Allow certificate.',
  `phone_number` Nullable(String) COMMENT 'Phone number.',
  `uncast` Map(LowCardinality(String), String) COMMENT 'Values that do not fit the type of their column, as the file has them; the column itself is NULL.',
  `file_id` UInt64 COMMENT 'The file, as in database_files.file_id.'
) AS
SELECT `organization`, `site`, `course_id`, `snapshot_date`, `line`, `id`, `user_id`, `name`, `language`, `location`, `meta`, `courseware`, `gender`, `mailing_address`, `year_of_birth`, `level_of_education`, `goals`, `country`, `city`, `bio`, `profile_image_uploaded_at`, `state`, `allow_certificate`, `phone_number`, `uncast`, `file_id`
FROM `auth_userprofile_snapshots`
WHERE file_id IN (
  SELECT file_id FROM latest_database_files WHERE table_name = 'auth_userprofile'
)
COMMENT 'What users said about themselves. The latest loaded snapshot of each course.'
