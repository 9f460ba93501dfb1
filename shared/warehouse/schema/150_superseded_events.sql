CREATE TABLE IF NOT EXISTS superseded_events AS events
ENGINE = MergeTree
PARTITION BY toYYYYMM(log_date)
ORDER BY (organization, site, log_date, line)
COMMENT 'Events of daily log files that are left out of events, because a tar delivered the same line. Not for queries: they would count twice.'
