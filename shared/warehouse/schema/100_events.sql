CREATE TABLE IF NOT EXISTS events
(
    organization LowCardinality(String) COMMENT 'The organization whose package delivered the line, as its log file is named.',
    course_id LowCardinality(String) COMMENT 'The course as edX''s database has it (trimmed, URL-decoded), or empty for an event of no course.',
    time DateTime64(6, 'UTC') COMMENT 'Event time, UTC, microseconds. An event with no usable time stands at the end of its log date; see time_state.',
    time_state LowCardinality(String) COMMENT 'ok; missing: the event has no time; unparsable: its time is not one; implausible: its time is before 2012 or after 2254.',
    event_type LowCardinality(String) COMMENT 'Field event_type: the kind of event, or the path of the request for implicit server events.',
    name LowCardinality(String) COMMENT 'Field name: since 2014 it supersedes event_type where present.',
    event_source LowCardinality(String) COMMENT 'Field event_source: browser, server, mobile or task.',
    username String COMMENT 'Field username, as it stands; empty for anonymous visitors.',
    user_id Nullable(Int64) COMMENT 'Field context.user_id; NULL where absent or not a number. Joins auth_user.id of the same site.',
    session String COMMENT 'Field session: 32 hexadecimal digits for browser events.',
    ip String COMMENT 'Field ip.',
    agent LowCardinality(String) COMMENT 'Field agent: the browser or app.',
    host LowCardinality(String) COMMENT 'Field host: the site visited.',
    page String COMMENT 'Field page: the URL for browser events.',
    referer String COMMENT 'Field referer.',
    org_id LowCardinality(String) COMMENT 'Field context.org_id.',
    path String COMMENT 'Field context.path: the URL path of the request.',
    site LowCardinality(String) COMMENT 'prod or edge (or another site edX names): where the event happened.',
    server LowCardinality(String) COMMENT 'The application server that logged the line; empty where the layout has none.',
    log_date Date COMMENT 'The day in the name of the log file. Event times may lie on other days.',
    line UInt64 COMMENT 'Physical line number in the log file, from 1.',
    late Bool COMMENT 'True where the event time is before the start of the log date less the skew (6 hours).',
    raw String COMMENT 'The line as delivered, byte for byte; only values of secrets are replaced by asterisks.' CODEC(ZSTD(1)),
    json_at UInt32 COMMENT 'The byte of raw, from 0, at which the JSON object begins; what is before it is a prefix written by a logger.',
    file_id UInt64 COMMENT 'The entry of log_file_versions that brought this row.'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(log_date)
ORDER BY (course_id, time, site, organization, server, log_date, line)
COMMENT 'One row for each line of a tracking log that holds a JSON object. In the order of the sorting key a course reads as it happened.'
