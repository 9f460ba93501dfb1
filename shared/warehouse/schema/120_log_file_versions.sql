CREATE TABLE IF NOT EXISTS log_file_versions
(
    file_id UInt64 COMMENT 'Identifies one loading of a log file, or of what had grown since.',
    revision UInt64 COMMENT 'Counts up with each change of this entry; the highest one holds.',
    organization LowCardinality(String) COMMENT 'The organization, as the log file is named.',
    site LowCardinality(String) COMMENT 'The site, from the server directory.',
    server LowCardinality(String) COMMENT 'The application server; empty where the layout has none.',
    log_date Date COMMENT 'The day in the name of the log file.',
    state LowCardinality(String) COMMENT 'loading, loaded, failed, or removed (replaced by a later version).',
    package String COMMENT 'The package that delivered it.',
    package_date Date COMMENT 'The date of the package: from its name, else the newest log date in it.',
    path String COMMENT 'The path of the member in the package.',
    stored_bytes UInt64 COMMENT 'Bytes of ciphertext.',
    fingerprint String COMMENT 'SHA-256 over size, head and tail of the ciphertext.',
    plaintext_bytes UInt64 COMMENT 'Bytes of the whole log file after decryption.',
    plaintext_digest String COMMENT 'SHA-256 of the whole log file after decryption.',
    tail_bytes UInt64 COMMENT 'Bytes after the last LF: not 0 where the last line was not terminated.',
    from_line UInt64 COMMENT 'The first line that this entry brought; more than 1 where a log file had grown.',
    lines UInt64 COMMENT 'Lines that this entry brought.',
    events UInt64 COMMENT 'Of these, rows in events.',
    rejected UInt64 COMMENT 'Of these, rows in rejected_lines.',
    blank UInt64 COMMENT 'Of these, blank lines.',
    filtered UInt64 COMMENT 'Of these, lines of courses that were not asked for (--course).',
    masked UInt64 COMMENT 'Of these, lines in which the value of a secret was masked.',
    late UInt64 COMMENT 'Of the events, those that are late.',
    courses Array(String) COMMENT 'The courses asked for by --course; empty: all.',
    secrets_kept Bool COMMENT 'True where --keep-secrets was given.',
    skew_seconds UInt32 COMMENT 'The skew by which late was decided.',
    provisional Bool COMMENT 'True for the last day of a package, which is partial until the next package comes.',
    reason LowCardinality(String) COMMENT 'Why it failed; empty otherwise.',
    detail String COMMENT 'What was found and what to do next, where it failed.',
    changed_at DateTime64(3, 'UTC') COMMENT 'When this entry was written.'
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY file_id
COMMENT 'The ledger of log files: one entry for each loading. log_files shows what holds now.'
