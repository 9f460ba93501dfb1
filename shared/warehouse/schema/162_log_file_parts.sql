CREATE TABLE IF NOT EXISTS log_file_parts
(
    run UInt64 COMMENT 'The run of `edxstream load --broker` that handed the log file out; later runs have higher numbers.',
    file_id UInt64 COMMENT 'The entry of log_file_versions; the number of the run itself where a partition has ended.',
    partition UInt32 COMMENT 'The partition of the event log that the part came through.',
    sink UInt32 COMMENT 'The session of the sink in this partition that loads it; the rows carry it too.',
    revision UInt64 COMMENT 'Counts up with each change; the highest one holds.',
    state LowCardinality(String) COMMENT 'loading; loaded: all rows are in; broken: records were missing; kept: these rows count; ended: the partition has come to the end of the run.',
    log_date Date COMMENT 'The day in the name of the log file.',
    events UInt64 COMMENT 'Rows in events.',
    rejected UInt64 COMMENT 'Rows in rejected_lines.',
    early_releases UInt64 COMMENT 'Runs that the session had released early so far.',
    detail String COMMENT 'What was missing, where it is broken.',
    changed_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this was written, by the clock of the server.'
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (run, file_id, partition, sink)
COMMENT 'What sinks have loaded of log files that came through Kafka: one row for each log file, partition and session of a sink.'
