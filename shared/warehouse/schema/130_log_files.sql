CREATE OR REPLACE VIEW log_files AS
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
