CREATE TABLE IF NOT EXISTS rejected_lines
(
    organization LowCardinality(String) COMMENT 'The organization of the log file.',
    site LowCardinality(String) COMMENT 'The site of the log file.',
    server LowCardinality(String) COMMENT 'The application server of the log file.',
    log_date Date COMMENT 'The day in the name of the log file.',
    line UInt64 COMMENT 'Physical line number in the log file, from 1.',
    reason LowCardinality(String) COMMENT 'Why the line is no event: no-object, cut, not-json, too-deep or line-too-long.',
    detail String COMMENT 'Where and what was met. For line-too-long: the length in bytes and the SHA-256 of the line.',
    raw String COMMENT 'The line as delivered, secrets masked; the first 64 KiB of a line that is too long.' CODEC(ZSTD(1)),
    file_id UInt64 COMMENT 'The entry of log_file_versions that brought this row.'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(log_date)
ORDER BY (organization, site, log_date, server, line)
COMMENT 'One row for each line of a tracking log that is neither an event nor blank.'
