CREATE OR REPLACE VIEW latest_database_files AS
SELECT
    organization,
    site,
    course_id,
    course_part,
    table_name,
    snapshot_date,
    rows,
    file_id
FROM database_file_versions FINAL
WHERE state = 'loaded'
ORDER BY snapshot_date DESC, revision DESC
LIMIT 1 BY organization, site, course_part, table_name
COMMENT 'The files whose rows the plain tables show: of each organization, site, course and table the latest snapshot that was loaded. A later one that failed hides nothing.'
