/**
 * A batch of a log file as records of the event log: lines of one course, in the order of the log file,
 * several to a record.
 *
 *   batch     line 1 (A)  line 2 (B)  line 3 (A)  line 4 (A)
 *   records   A: 1, 3, 4        B: 2              each to the partition of its course
 *
 * A line that is larger than a record may be goes in pieces, one record after another.
 */
import kafkajs from 'kafkajs';
import type { EventBatch, RejectedLine } from '#shared/eventlog/event-batch';
import type { LogFileIdentity } from '#shared/kafka/line-headers';

export interface EncodedRecord {
  readonly partition: number;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Record<string, string>;
  /** Events or rejected lines that begin in it. */
  readonly lines: number;
}

export interface EncodeOptions {
  readonly run: number;
  readonly fileId: number;
  readonly identity: LogFileIdentity;
  readonly partitionOf: (key: Buffer) => number;
  readonly linesPerRecord: number;
  /** A value is never larger. */
  readonly valueBytesMax: number;
}

/** A record is closed at about this size, so that a consumer need not hold much at once. */
const RECORD_BYTES = 256 << 10;
const LF = 10;

/** The partition of a key, as Kafka's own producers choose it. */
export function partitionsOf(count: number): (key: Buffer) => number {
  const choose = kafkajs.Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
    ...{ partitionId, partitionErrorCode: 0, leader: 0, replicas: [], isr: [] },
  }));
  const known = new Map<string, number>();
  return (key) => {
    const name = key.toString('latin1');
    let partition = known.get(name);
    if (partition === undefined) {
      partition = choose({ topic: '', partitionMetadata, message: { key, value: null } });
      known.set(name, partition);
    }
    return partition;
  };
}

export function* encodeLines(batch: EventBatch, options: EncodeOptions): Iterable<EncodedRecord> {
  for (const { course, from, to } of batch.segments) {
    const key = course === '' ? noCourse(options.identity.server) : Buffer.from(course, 'latin1');
    // Rows are numbered in the order of their lines.
    const rows = batch.order.slice(from, to).sort();
    yield* encodeCourse(batch, rows, key, options);
  }
  for (const line of batch.rejected) yield* encodeRejected(line, options);
}

/** Events of no course can be most of a log, so each server has a key for them. */
function noCourse(server: string): Buffer {
  return Buffer.from(`none/${server}`);
}

function* encodeCourse(
  batch: EventBatch,
  rows: Uint32Array,
  key: Buffer,
  options: EncodeOptions,
): Iterable<EncodedRecord> {
  const limit = Math.min(RECORD_BYTES, options.valueBytesMax);
  const lengthOf = (at: number): number => batch.rawLength[rows[at] as number] as number; // at < rows
  let from = 0;
  while (from < rows.length) {
    let bytes = lengthOf(from);
    let to = from + 1;
    while (
      to < rows.length &&
      to - from < options.linesPerRecord &&
      bytes + 1 + lengthOf(to) <= limit
    ) {
      bytes += 1 + lengthOf(to);
      to += 1;
    }
    const value = Buffer.allocUnsafe(bytes);
    const lines: number[] = [];
    const times: number[] = [];
    let end = 0;
    for (let at = from; at < to; at += 1) {
      const row = rows[at] as number;
      const start = batch.rawStart[row] as number;
      if (at > from) {
        value[end] = LF;
        end += 1;
      }
      value.set(batch.bytes.subarray(start, start + lengthOf(at)), end);
      end += lengthOf(at);
      lines.push(batch.line[row] as number);
      times.push(batch.timeUs[row] as number);
    }
    const headers = {
      ...headersOf('lines', options),
      lines: lines.join(','),
      times: times.join(','),
    };
    yield* inPieces({ key, value, headers, lines: lines.length }, options);
    from = to;
  }
}

function* encodeRejected(
  { line, reason, detail, raw }: RejectedLine,
  options: EncodeOptions,
): Iterable<EncodedRecord> {
  yield* inPieces(
    {
      key: noCourse(options.identity.server),
      value: Buffer.from(raw),
      headers: { ...headersOf('rejected', options), lines: String(line), reason, detail },
      lines: 1,
    },
    options,
  );
}

function* inPieces(
  whole: Omit<EncodedRecord, 'partition'>,
  { partitionOf, valueBytesMax }: EncodeOptions,
): Iterable<EncodedRecord> {
  const partition = partitionOf(whole.key);
  if (whole.value.length <= valueBytesMax) {
    yield { ...whole, partition };
    return;
  }
  const pieces = Math.ceil(whole.value.length / valueBytesMax);
  for (let piece = 0; piece < pieces; piece += 1) {
    yield {
      ...whole,
      partition,
      value: whole.value.subarray(piece * valueBytesMax, (piece + 1) * valueBytesMax),
      headers: { ...whole.headers, piece: `${piece + 1}/${pieces}` },
      lines: piece === 0 ? whole.lines : 0,
    };
  }
}

function headersOf(
  kind: 'lines' | 'rejected',
  { run, fileId, identity }: EncodeOptions,
): Record<string, string> {
  return {
    kind,
    run: String(run),
    file: String(fileId),
    organization: identity.organization,
    site: identity.site,
    server: identity.server,
    'log-date': identity.logDate,
  };
}
