/**
 * The seam between publish and merge: an ordered log of batches, of log files that ended, and of
 * watermarks. In one process it is a bounded queue; between processes, a Kafka topic.
 *
 *   publish ──append()──►  batch batch file batch file watermark …  ──read()──►  merge
 */
import type { EventBatch } from '#shared/eventlog/event-batch';

export type LogRecord =
  | { readonly kind: 'batch'; readonly batch: EventBatch }
  /** No more batches of this log file will come. */
  | { readonly kind: 'file-ended'; readonly file: number }
  /** All log files up to and including this date have ended. */
  | { readonly kind: 'date-complete'; readonly logDateStartUs: number };

export interface EventLog {
  /** Appends a record; waits while the log holds as much as it may. */
  append(record: LogRecord): Promise<void>;
  /** Says that nothing more will be appended, or that the appending failed. */
  end(error?: unknown): void;
  /** The records in the order of appending, each once. */
  read(): AsyncIterable<LogRecord>;
}
