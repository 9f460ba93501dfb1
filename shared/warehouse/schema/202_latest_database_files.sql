CREATE OR REPLACE VIEW latest_database_files
(
    organization LowCardinality(String) COMMENT 'The organization, from the name of the package.',
    site LowCardinality(String) COMMENT 'The site, from the name of the file.',
    course_id String COMMENT 'The course of the file.',
    course_part String COMMENT 'The part of the file name that stands for the course.',
    table_name LowCardinality(String) COMMENT 'The table that shows the rows of this file.',
    snapshot_date Date COMMENT 'The date of the package.',
    rows UInt64 COMMENT 'Rows in the table.',
    file_id UInt64 COMMENT 'Identifies this loading of the file; file_id of its rows.'
) AS
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
