CREATE TABLE IF NOT EXISTS `auth_user_snapshots` (
  `organization` LowCardinality(String) COMMENT 'Organization, lower case, from the name of the package.',
  `site` LowCardinality(String) COMMENT 'prod or edge; empty where the name of the file does not say.',
  `course_id` String COMMENT 'Course id: the course of the file, see database_files.course_id.',
  `snapshot_date` Date COMMENT 'Date of the package that brought the row.',
  `line` UInt64 COMMENT 'Physical line of the file on which the row begins; the header is line 1.',
  `id` Nullable(Int64) COMMENT 'Number of the user on this site; the number spaces of prod and edge are different.',
  `username` Nullable(String) COMMENT 'Name of the user in tracking events.',
  `first_name` Nullable(String) COMMENT 'First name.',
  `last_name` Nullable(String) COMMENT 'Last name.',
  `email` Nullable(String) COMMENT 'E-mail address.',
  `password` Nullable(String) COMMENT 'Always empty or redacted.',
  `is_staff` Nullable(UInt8) COMMENT '1 where it is: staff.',
  `is_active` Nullable(UInt8) COMMENT '1 where the e-mail address was confirmed.',
  `is_superuser` Nullable(UInt8) COMMENT '1 where it is: superuser.',
  `last_login` Nullable(DateTime64(6, 'UTC')) COMMENT 'Last time the user signed in (UTC).',
  `date_joined` Nullable(DateTime64(6, 'UTC')) COMMENT 'When the account was created (UTC).',
  `status` Nullable(String) COMMENT 'Status (an open set).',
  `email_key` Nullable(String) COMMENT 'Email key.',
  `avatar_type` Nullable(String) COMMENT 'Avatar type.',
  `country` Nullable(String) COMMENT 'Country.',
  `show_country` Nullable(UInt8) COMMENT 'Show country.',
  `date_of_birth` Nullable(String) COMMENT 'Date of birth.',
  `interesting_tags` Nullable(String) COMMENT 'Interesting tags.',
  `ignored_tags` Nullable(String) COMMENT 'Ignored tags.',
  `email_tag_filter_strategy` Nullable(Int64) COMMENT 'Email tag filter strategy.',
  `display_tag_filter_strategy` Nullable(Int64) COMMENT 'Display tag filter strategy.',
  `consecutive_days_visit_count` Nullable(Int64) COMMENT 'Consecutive days visit count.',
  `uncast` Map(LowCardinality(String), String) COMMENT 'Values that do not fit the type of their column, as the file has them; the column itself is NULL.',
  `file_id` UInt64 COMMENT 'The file, as in database_files.file_id.',
  INDEX file_id_index file_id TYPE set(64) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(snapshot_date)
ORDER BY (course_id, organization, site, snapshot_date, line)
COMMENT 'Accounts of the users that have an enrolment row in the course. All snapshots; auth_user shows the latest.'
