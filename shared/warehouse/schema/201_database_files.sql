CREATE OR REPLACE VIEW database_files
(
    organization LowCardinality(String) COMMENT 'The organization, from the name of the package.',
    site LowCardinality(String) COMMENT 'The site, from the name of the file; empty where the name does not say.',
    course_id String COMMENT 'The course, as members of the same package have it in their rows; see course_is_provisional.',
    course_is_provisional Bool COMMENT 'True where no member of the package says which course it is: course_id is then a guess from the file name.',
    table_name LowCardinality(String) COMMENT 'The table that shows the rows of this file.',
    snapshot_date Date COMMENT 'The date of the package.',
    state LowCardinality(String) COMMENT 'loading, loaded, failed or kept-out (not a table, or a twin of one).',
    rows UInt64 COMMENT 'Rows in the table.',
    rejected UInt64 COMMENT 'Rows in rejected_rows.',
    blank UInt64 COMMENT 'Empty lines of the file.',
    reason LowCardinality(String) COMMENT 'Why it failed or was kept out; empty otherwise, or a note.',
    detail String COMMENT 'What was found and what to do next.',
    package String COMMENT 'The package that delivered it.',
    path String COMMENT 'The path of the member in the package.',
    extension LowCardinality(String) COMMENT 'The ending of the file name: sql, mongo, json, csv, xml, xml.tar.gz or 7z.',
    bytes UInt64 COMMENT 'Bytes of ciphertext.',
    fingerprint String COMMENT 'SHA-256 over size, head and tail of the ciphertext.',
    course_part String COMMENT 'The part of the file name that stands for the course.',
    changed_at DateTime64(3, 'UTC') COMMENT 'When this entry was written.',
    file_id UInt64 COMMENT 'Identifies this loading of the file; file_id of its rows.'
) AS
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
