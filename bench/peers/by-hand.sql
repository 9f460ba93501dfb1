-- The table that one would make by hand for tracking logs: the common fields, typed, no line, no order of
-- courses, no account of lines. It is fixed: figures of different versions are compared through it.
CREATE TABLE events
(
    username String,
    event_type String,
    name String,
    event_source LowCardinality(String),
    time DateTime64(6),
    ip String,
    agent String,
    host LowCardinality(String),
    session String,
    page Nullable(String),
    referer String,
    event String,
    context String
)
ENGINE = MergeTree
ORDER BY (event_type, time);

INSERT INTO events
SELECT *
FROM file('<pipe>', JSONEachRow, 'username String, event_type String, name String, event_source LowCardinality(String), time DateTime64(6), ip String, agent String, host LowCardinality(String), session String, page Nullable(String), referer String, event String, context String')
SETTINGS input_format_skip_unknown_fields = 1, date_time_input_format = 'best_effort', input_format_json_read_objects_as_strings = 1, input_format_null_as_default = 1;
