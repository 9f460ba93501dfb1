CREATE OR REPLACE VIEW log_files AS
SELECT
    organization,
    site,
    server,
    log_date,
    sumIf(lines, state = 'loaded') AS lines,
    sumIf(events, state = 'loaded') AS events,
    sumIf(rejected, state = 'loaded') AS rejected,
    sumIf(blank, state = 'loaded') AS blank,
    sumIf(filtered, state = 'loaded') AS filtered,
    sumIf(masked, state = 'loaded') AS masked,
    sumIf(late, state = 'loaded') AS late,
    if(countIf(state = 'loaded') > 0, 'loaded', 'failed') AS state,
    argMaxIf(provisional, (from_line, file_id), state = 'loaded') AS provisional,
    if(countIf(state = 'failed') > 0, argMaxIf(reason, revision, state = 'failed'), '') AS reason,
    if(countIf(state = 'failed') > 0, argMaxIf(detail, revision, state = 'failed'), '') AS detail,
    argMax(package, (state = 'loaded', from_line, revision)) AS package,
    argMax(package_date, (state = 'loaded', from_line, revision)) AS package_date,
    argMax(stored_bytes, (state = 'loaded', from_line, revision)) AS stored_bytes,
    max(plaintext_bytes) AS plaintext_bytes,
    max(changed_at) AS changed_at
FROM log_file_versions FINAL
WHERE state IN ('loaded', 'failed')
GROUP BY organization, site, server, log_date
