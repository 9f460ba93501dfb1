/**
 * Every metric of the long-running processes: name, kind, labels, and what it means.
 *
 * One table, because four places must agree: what is served on /metrics, the alert rules in deploy/, the
 * table in docs/operations.md, and the code that counts. Names follow Prometheus: base units in the name,
 * `_total` for what only grows. What is kept per label value is bounded: partitions, closed sets of reasons
 * and systems, never a course, a server or a user.
 */
export interface MetricSpec {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly name: `edxstream_${string}`;
  readonly about: string;
  readonly labels?: readonly string[];
  /** Upper bounds of a histogram, in the unit of its name. */
  readonly buckets?: readonly number[];
}

export const METRICS = {
  logFiles: {
    kind: 'counter',
    name: 'edxstream_log_files_total',
    labels: ['outcome'],
    about:
      'Log files that were finished, by outcome: loaded, same, superseded, failed, taken_over.',
  },
  lines: {
    kind: 'counter',
    name: 'edxstream_lines_total',
    about: 'Physical lines of log files that were read.',
  },
  lineBytes: {
    kind: 'counter',
    name: 'edxstream_line_bytes_total',
    about: 'Bytes of these lines.',
  },
  events: {
    kind: 'counter',
    name: 'edxstream_events_total',
    labels: ['stage'],
    about: 'Events, by stage: published to the event log, or loaded into the warehouse.',
  },
  late: {
    kind: 'counter',
    name: 'edxstream_late_events_total',
    about: 'Events whose own time is before their log date less the skew.',
  },
  rejected: {
    kind: 'counter',
    name: 'edxstream_rejected_lines_total',
    labels: ['reason'],
    about: 'Lines that are no events, by reason.',
  },
  duplicates: {
    kind: 'counter',
    name: 'edxstream_duplicates_ignored_total',
    about: 'Records that came twice through the event log and were ignored the second time.',
  },
  earlyReleases: {
    kind: 'counter',
    name: 'edxstream_early_releases_total',
    about: 'Runs that were released before their date was complete, because the window was full.',
  },
  retries: {
    kind: 'counter',
    name: 'edxstream_retries_total',
    labels: ['system'],
    about: 'Calls that were made again after a fault, by system: kafka, warehouse, packages.',
  },
  insertSeconds: {
    kind: 'histogram',
    name: 'edxstream_insert_duration_seconds',
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
    about: 'How long one bulk insert into the warehouse took.',
  },
  lagRecords: {
    kind: 'gauge',
    name: 'edxstream_lag_records',
    labels: ['partition'],
    about: 'Records of the event log that this process has still to read, by partition.',
  },
  windowBytes: {
    kind: 'gauge',
    name: 'edxstream_window_bytes',
    about: 'Bytes of lines that are held to bring them in order.',
  },
  windowBytesMax: {
    kind: 'gauge',
    name: 'edxstream_window_bytes_max',
    about: 'The bound on these; at it, runs are released early.',
  },
  watermark: {
    kind: 'gauge',
    name: 'edxstream_watermark_timestamp_seconds',
    labels: ['partition'],
    about: 'The watermark, an event time as seconds since 1970: nothing earlier is waited for.',
  },
  watermarkAge: {
    kind: 'gauge',
    name: 'edxstream_watermark_age_seconds',
    labels: ['partition'],
    about: 'Seconds since the watermark of a partition last moved.',
  },
  ready: {
    kind: 'gauge',
    name: 'edxstream_ready',
    about: '1 while /readyz answers 200, else 0.',
  },
  build: {
    kind: 'gauge',
    name: 'edxstream_build_info',
    labels: ['version', 'service'],
    about: 'Always 1; its labels say what runs.',
  },
} as const satisfies Record<string, MetricSpec>;
