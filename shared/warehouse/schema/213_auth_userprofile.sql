CREATE OR REPLACE VIEW `auth_userprofile` AS
SELECT `organization`, `site`, `course_id`, `snapshot_date`, `line`, `id`, `user_id`, `name`, `language`, `location`, `meta`, `courseware`, `gender`, `mailing_address`, `year_of_birth`, `level_of_education`, `goals`, `country`, `city`, `bio`, `profile_image_uploaded_at`, `state`, `allow_certificate`, `phone_number`, uncast, file_id
FROM `auth_userprofile_snapshots`
WHERE file_id IN (
  SELECT file_id FROM latest_database_files WHERE table_name = 'auth_userprofile'
)
COMMENT 'What users said about themselves. The latest loaded snapshot of each course.'
