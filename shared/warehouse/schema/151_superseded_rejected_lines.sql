CREATE TABLE IF NOT EXISTS superseded_rejected_lines AS rejected_lines
ENGINE = MergeTree
PARTITION BY toYYYYMM(log_date)
ORDER BY (organization, site, log_date, line)
COMMENT 'Rejected lines of daily log files that are left out of rejected_lines, because a tar delivered the same line.'
