CREATE OR REPLACE VIEW log_files
(
    organization LowCardinality(String) COMMENT 'The organization, as the log file is named.',
    site LowCardinality(String) COMMENT 'The site, from the server directory.',
    server LowCardinality(String) COMMENT 'The application server; empty where the layout has none.',
    log_date Date COMMENT 'The day in the name of the log file.',
    lines UInt64 COMMENT 'Lines of the log file: events + rejected + blank + filtered.',
    events UInt64 COMMENT 'Of these, rows in events.',
    rejected UInt64 COMMENT 'Of these, rows in rejected_lines.',
    blank UInt64 COMMENT 'Of these, lines of nothing but ASCII white space.',
    filtered UInt64 COMMENT 'Of these, lines of courses that were not asked for (--course).',
    masked UInt64 COMMENT 'Of these, lines in which the value of a secret was masked.',
    late UInt64 COMMENT 'Of the events, those whose time is before the log date less the skew.',
    state String COMMENT 'loaded, or failed where no version of the log file could be read.',
    provisional Bool COMMENT 'True for the last day of a package, which is partial until the next package comes.',
    reason String COMMENT 'Why the newest delivery failed; empty where it did not.',
    detail String COMMENT 'What was found and what to do next, where it failed.',
    package String COMMENT 'The package that delivered what is loaded.',
    package_date Date COMMENT 'The date of that package.',
    stored_bytes UInt64 COMMENT 'Bytes of ciphertext.',
    plaintext_bytes UInt64 COMMENT 'Bytes of the log file after decryption.',
    courses Array(String) COMMENT 'The courses it was loaded for (--course); empty: all.',
    changed_at DateTime64(3, 'UTC') COMMENT 'When the ledger last changed for it.'
) AS
SELECT
    organization,
    site,
    server,
    log_date,
    sumIf(v.lines, v.state = 'loaded') AS lines,
    sumIf(v.events, v.state = 'loaded') AS events,
    sumIf(v.rejected, v.state = 'loaded') AS rejected,
    sumIf(v.blank, v.state = 'loaded') AS blank,
    sumIf(v.filtered, v.state = 'loaded') AS filtered,
    sumIf(v.masked, v.state = 'loaded') AS masked,
    sumIf(v.late, v.state = 'loaded') AS late,
    if(countIf(v.state = 'loaded') > 0, 'loaded', 'failed') AS state,
    argMaxIf(v.provisional, v.from_line, v.state = 'loaded') AS provisional,
    argMaxIf(v.reason, v.revision, v.state = 'failed') AS reason,
    argMaxIf(v.detail, v.revision, v.state = 'failed') AS detail,
    argMax(v.package, (v.state = 'loaded', v.from_line)) AS package,
    argMax(v.package_date, (v.state = 'loaded', v.from_line)) AS package_date,
    argMax(v.stored_bytes, (v.state = 'loaded', v.from_line)) AS stored_bytes,
    argMaxIf(v.plaintext_bytes, v.from_line, v.state = 'loaded') AS plaintext_bytes,
    argMaxIf(v.courses, v.from_line, v.state = 'loaded') AS courses,
    max(v.changed_at) AS changed_at
FROM (SELECT * FROM log_file_versions FINAL WHERE state IN ('loaded', 'failed')) AS v
GROUP BY organization, site, server, log_date
COMMENT 'One row for each log file: what is loaded of it, or why it failed.'
