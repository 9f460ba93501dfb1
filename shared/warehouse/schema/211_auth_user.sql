CREATE OR REPLACE VIEW `auth_user` AS
SELECT `organization`, `site`, `course_id`, `snapshot_date`, `line`, `id`, `username`, `first_name`, `last_name`, `email`, `password`, `is_staff`, `is_active`, `is_superuser`, `last_login`, `date_joined`, `status`, `email_key`, `avatar_type`, `country`, `show_country`, `date_of_birth`, `interesting_tags`, `ignored_tags`, `email_tag_filter_strategy`, `display_tag_filter_strategy`, `consecutive_days_visit_count`, uncast, file_id
FROM `auth_user_snapshots`
WHERE file_id IN (
  SELECT file_id FROM latest_database_files WHERE table_name = 'auth_user'
)
COMMENT 'Accounts of the users that have an enrolment row in the course. The latest loaded snapshot of each course.'
