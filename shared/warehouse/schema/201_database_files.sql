CREATE OR REPLACE VIEW database_files AS
SELECT
    organization,
    site,
    course_id,
    course_is_provisional,
    table_name,
    snapshot_date,
    state,
    rows,
    rejected,
    blank,
    reason,
    detail,
    package,
    path,
    extension,
    stored_bytes AS bytes,
    fingerprint,
    course_part,
    changed_at,
    file_id
FROM database_file_versions FINAL
WHERE state NOT IN ('replaced', 'removed')
ORDER BY revision DESC
LIMIT 1 BY organization, site, course_part, table_name, extension, snapshot_date, path
COMMENT 'One row for each database file of each package, with its current state.'
