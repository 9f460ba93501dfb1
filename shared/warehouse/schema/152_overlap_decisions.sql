CREATE TABLE IF NOT EXISTS overlap_decisions
(
    file_id UInt64 COMMENT 'The entry of log_file_versions.',
    line UInt64 COMMENT 'The line of it that a tar has too.'
)
ENGINE = MergeTree
ORDER BY (file_id, line)
COMMENT 'Lines of the daily log file that is being decided about. Empty between two commands.'
