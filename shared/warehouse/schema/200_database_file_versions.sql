CREATE TABLE IF NOT EXISTS database_file_versions
(
    file_id UInt64 COMMENT 'Identifies one loading of a database file.',
    revision UInt64 COMMENT 'Counts up with each change of this entry; the highest one holds.',
    organization LowCardinality(String) COMMENT 'The organization, from the name of the package.',
    site LowCardinality(String) COMMENT 'The site, from the name of the file.',
    course_part String COMMENT 'The part of the file name that stands for the course; with organization, site and table it identifies the file from week to week.',
    course_id String COMMENT 'The course, as members of the same package have it in their rows; see course_is_provisional.',
    course_is_provisional Bool COMMENT 'True where no member of the package says which course it is: course_id is then a guess from the file name.',
    table_name LowCardinality(String) COMMENT 'The table that shows the rows of this file.',
    extension LowCardinality(String) COMMENT 'The ending of the file name: sql, mongo, json, csv, xml, xml.tar.gz or 7z.',
    snapshot_date Date COMMENT 'The date of the package.',
    state LowCardinality(String) COMMENT 'loading, loaded, failed, kept-out (not a table, or a twin of one), replaced (rows about to go) or removed.',
    package String COMMENT 'The package that delivered it.',
    path String COMMENT 'The path of the member in the package.',
    stored_bytes UInt64 COMMENT 'Bytes of ciphertext.',
    fingerprint String COMMENT 'SHA-256 over size, head and tail of the ciphertext.',
    rows UInt64 COMMENT 'Rows in the table.',
    rejected UInt64 COMMENT 'Rows in rejected_rows.',
    blank UInt64 COMMENT 'Empty lines of the file.',
    reason LowCardinality(String) COMMENT 'Why it failed or was kept out; empty otherwise, or a note.',
    detail String COMMENT 'What was found and what to do next.',
    changed_at DateTime64(3, 'UTC') COMMENT 'When this entry was written.'
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY file_id
COMMENT 'The ledger of database files: one entry for each loading. database_files shows what holds now.'
