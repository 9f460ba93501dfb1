/**
 * Merges the batches of all servers by event time.
 *
 *   server 1   a1 ── a4 ───── a7 │ a9
 *   server 2   b2 ─── b5 ── b6   │ b10        per course: a1 b2 a4 b5 b6 a7 | then the rest
 *                                watermark
 *
 * Batches are gathered in a window. When a date is complete, everything up to the end of that date less
 * the skew may go: no later date brings an earlier event, but for late ones. Log files are not sorted and
 * their date does not bound event times, so an event more than two days after its log date goes with its
 * log date instead of waiting for a day that may never come.
 *
 * What may go is released once there is enough of it for a large insert, because parts that are large and
 * few are what the table wants; and it is released early, in order as far as it is known, when the window
 * is full.
 */
import { batchBytes, type EventBatch } from '#shared/eventlog/event-batch';
import type { LogRecord } from '#shared/eventlog/event-log';
import type { MergedRows, MergedRun } from '#shared/eventlog/merged-run';
import { mergeSegments, type Segment } from './merge-segments.js';

const DAY_US = 86_400_000_000;
const FUTURE_US = 3 * DAY_US;

export interface MergeOptions {
  /** Released as soon as this many bytes may go. */
  readonly releaseBytes: number;
  /** The window never holds much more than this: at the bound, runs are released early. */
  readonly windowBytesMax: number;
  readonly skewUs: number;
  /** Where a log file stands among files with events of the same time: by (site, organization, server, date). */
  readonly fileRank: (file: number) => number;
  /** Microseconds since the epoch at which the log date of a file begins. */
  readonly logDateStartUs: (file: number) => number;
  /** Told how much is held, whenever it has changed. */
  readonly onWindow?: (bytes: number) => void;
}

interface Held {
  readonly batch: EventBatch;
  readonly bytes: number;
  /** Per segment of the batch: how many of its rows are released. */
  readonly released: Uint32Array;
  rowsLeft: number;
}

export async function* mergeByTime(
  source: AsyncIterable<LogRecord>,
  options: MergeOptions,
): AsyncIterable<MergedRun> {
  let held: Held[] = [];
  let windowBytes = 0;
  let releasableBytes = 0;
  let arrived: EventBatch[] = [];
  let watermarkUs = Number.NEGATIVE_INFINITY;
  const ended = new Set<number>();

  const release = (untilUs: number, isEarly: boolean): MergedRun => {
    const { run, left } = releaseUntil(held, untilUs, options);
    const batchesDone = held.filter(({ rowsLeft }) => rowsLeft === 0).map(({ batch }) => batch);
    const files = new Set(left.map(({ batch }) => batch.file));
    const filesDone = [...ended].filter((file) => !files.has(file));
    for (const file of filesDone) ended.delete(file);
    held = left;
    windowBytes = left.reduce((sum, { bytes }) => sum + bytes, 0);
    options.onWindow?.(windowBytes);
    releasableBytes = 0;
    const withRejected = arrived;
    arrived = [];
    return { ...run, arrived: withRejected, batchesDone, filesDone, isEarly };
  };

  for await (const record of source) {
    switch (record.kind) {
      case 'batch': {
        const bytes = batchBytes(record.batch);
        windowBytes += bytes;
        options.onWindow?.(windowBytes);
        held.push({
          batch: record.batch,
          bytes,
          released: new Uint32Array(record.batch.segments.length),
          rowsLeft: record.batch.rows,
        });
        arrived.push(record.batch);
        if (windowBytes >= options.windowBytesMax) {
          // Dates that are complete and nearly make up a run go in order, and that is room enough.
          const isEarly = releasableBytes < options.releaseBytes / 2;
          yield release(isEarly ? Number.POSITIVE_INFINITY : watermarkUs, isEarly);
        }
        break;
      }
      case 'file-ended':
        ended.add(record.file);
        break;
      case 'date-complete':
        watermarkUs = Math.max(watermarkUs, record.logDateStartUs + DAY_US - options.skewUs);
        releasableBytes = bytesOfDates(held, watermarkUs, options);
        break;
      default:
        record satisfies never;
    }
    if (releasableBytes >= options.releaseBytes) yield release(watermarkUs, false);
  }
  yield release(Number.POSITIVE_INFINITY, false);
}

/** What is held of log dates that are complete: nearly all of it may go, and little else. */
function bytesOfDates(held: readonly Held[], watermarkUs: number, options: MergeOptions): number {
  let sum = 0;
  for (const { batch, bytes } of held) {
    const endUs = options.logDateStartUs(batch.file) + DAY_US - options.skewUs;
    if (endUs <= watermarkUs) sum += bytes;
  }
  return sum;
}

function releaseUntil(
  held: readonly Held[],
  untilUs: number,
  options: MergeOptions,
): { readonly run: MergedRows & Pick<MergedRun, 'batches'>; readonly left: Held[] } {
  const byCourse = new Map<string, Segment[]>();
  const batches: EventBatch[] = [];
  for (const one of held) {
    const at = batches.length;
    batches.push(one.batch);
    const startUs = options.logDateStartUs(one.batch.file);
    const farFutureUs = startUs + FUTURE_US;
    const isDateComplete = startUs + DAY_US - options.skewUs <= untilUs;
    for (const [index, segment] of one.batch.segments.entries()) {
      const from = segment.from + (one.released[index] ?? 0);
      const upTo = firstAfter(one.batch, from, segment.to, untilUs);
      // What follows may still be mixed with events of days to come, unless it is too far ahead.
      const isRestFar =
        isDateComplete && firstAfter(one.batch, upTo, segment.to, farFutureUs) === upTo;
      const to = isRestFar ? segment.to : upTo;
      if (to === from) continue;
      const segments = byCourse.get(segment.course) ?? [];
      if (segments.length === 0) byCourse.set(segment.course, segments);
      segments.push({ batch: one.batch, at, rank: options.fileRank(one.batch.file), from, to });
      one.released[index] = to - segment.from;
      one.rowsLeft -= to - from;
    }
  }
  const run = mergeSegments(byCourse);
  return { run: { batches, ...run }, left: held.filter(({ rowsLeft }) => rowsLeft > 0) };
}

/** The first position in [from, to) of the batch's order whose event time is not before `untilUs`. */
function firstAfter(batch: EventBatch, from: number, to: number, untilUs: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((batch.timeUs[batch.order[middle] ?? 0] ?? 0) < untilUs) low = middle + 1;
    else high = middle;
  }
  return low;
}
