CREATE OR REPLACE VIEW `certificates_generatedcertificate` AS
SELECT `organization`, `site`, `course_id`, `snapshot_date`, `line`, `id`, `user_id`, `download_url`, `grade`, `key`, `distinction`, `status`, `verify_uuid`, `download_uuid`, `name`, `created_date`, `modified_date`, `error_reason`, `mode`, uncast, file_id
FROM `certificates_generatedcertificate_snapshots`
WHERE file_id IN (
  SELECT file_id FROM latest_database_files WHERE table_name = 'certificates_generatedcertificate'
)
COMMENT 'Certificates: one row per learner for whom one was computed. The latest loaded snapshot of each course.'
