CREATE TABLE IF NOT EXISTS rejected_rows
(
    organization LowCardinality(String) COMMENT 'The organization of the database file.',
    site LowCardinality(String) COMMENT 'The site of the database file.',
    course_id String COMMENT 'The course of the file, as known when the row was rejected; see database_files for the present one.',
    table_name LowCardinality(String) COMMENT 'The table that the row was meant for.',
    snapshot_date Date COMMENT 'The date of the package.',
    line UInt64 COMMENT 'Physical line of the file on which the row begins; the header is line 1.',
    reason LowCardinality(String) COMMENT 'Why it is no row of the table: ragged, row-too-long or not-json.',
    detail String COMMENT 'What was met. For row-too-long: the length in bytes and the SHA-256 of the row.',
    raw String COMMENT 'The bytes of the row as delivered; the first 64 KiB of a row that is too long.' CODEC(ZSTD(1)),
    file_id UInt64 COMMENT 'The file, as in database_files.file_id.'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(snapshot_date)
ORDER BY (organization, site, table_name, snapshot_date, course_id, line)
COMMENT 'One row for each row of a database file that does not fit its header, or is no document.'
