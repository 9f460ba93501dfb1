/** Encodes the rejected lines of some batches as Native blocks of the table `rejected_lines`. */
import type { EventBatch } from '#shared/eventlog/event-batch';
import { SINK_COLUMN } from './encode-events.js';
import { dayNumber, type LoadingFile } from './loading-file.js';
import { NativeBlock } from './native-columns.js';

export const REJECTED_COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ['organization', 'String'],
  ['site', 'String'],
  ['server', 'String'],
  ['log_date', 'Date'],
  ['line', 'UInt64'],
  ['reason', 'String'],
  ['detail', 'String'],
  ['raw', 'String'],
  ['file_id', 'UInt64'],
];

/** A block for each batch: rejected lines are few, but a damaged file may hold nothing else. */
export async function* encodeRejected(
  batches: readonly EventBatch[],
  fileOf: (file: number) => LoadingFile,
): AsyncIterable<Uint8Array> {
  for (const { file, rejected } of batches) {
    const { organization, site, server, logDate, fileId, sink } = fileOf(file);
    const block = new NativeBlock(1 << 16);
    block.begin(REJECTED_COLUMNS.length + (sink === undefined ? 0 : 1), rejected.length);
    const texts = (name: string, value: (at: number) => Uint8Array): void => {
      block.column(name, 'String');
      for (let at = 0; at < rejected.length; at += 1) {
        const bytes = value(at);
        block.string(bytes, 0, bytes.length);
      }
    };
    const constant = (name: string, text: string): void => {
      const bytes = Buffer.from(text);
      texts(name, () => bytes);
    };
    constant('organization', organization);
    constant('site', site);
    constant('server', server);
    block.column('log_date', 'Date');
    const days = block.view(2 * rejected.length);
    for (let at = 0; at < rejected.length; at += 1)
      days.setUint16(at * 2, dayNumber(logDate), true);
    block.column('line', 'UInt64');
    for (const { line } of rejected) block.uint64(line);
    texts('reason', (at) => Buffer.from(rejected[at]?.reason ?? ''));
    texts('detail', (at) => Buffer.from(rejected[at]?.detail ?? ''));
    texts('raw', (at) => rejected[at]?.raw ?? new Uint8Array());
    block.column('file_id', 'UInt64');
    for (let at = 0; at < rejected.length; at += 1) block.uint64(fileId);
    if (sink !== undefined) {
      block.column(...SINK_COLUMN);
      const sinks = block.view(4 * rejected.length);
      for (let at = 0; at < rejected.length; at += 1) sinks.setUint32(at * 4, sink, true);
    }
    yield block.taken();
  }
}
