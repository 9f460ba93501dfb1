/**
 * K-way merge of ordered segments, course by course, with a binary heap.
 *
 *           (time, rank, line)            the root is the segment whose next event is first;
 *             /          \                after taking it, the root sinks to its place
 *       segment        segment
 *        /   \
 *
 * Ties are broken by the rank of the file (site, organization, server, log file date) and the line, so
 * the order is total and does not depend on which worker was faster.
 */
import type { EventBatch } from '#shared/eventlog/event-batch';
import type { MergedRows } from '#shared/eventlog/merged-run';

export interface Segment {
  readonly batch: EventBatch;
  /** The number of the batch in the run. */
  readonly at: number;
  /** The rank of the batch's file. */
  readonly rank: number;
  /** Positions [from, to) of the batch's order; from < to. */
  readonly from: number;
  readonly to: number;
}

/** Merges the segments of each course; courses follow one another in the order of their bytes. */
export function mergeSegments(byCourse: ReadonlyMap<string, readonly Segment[]>): MergedRows {
  let rows = 0;
  for (const segments of byCourse.values()) {
    for (const { from, to } of segments) rows += to - from;
  }
  const batchOf = new Uint32Array(rows);
  const rowOf = new Uint32Array(rows);
  const courses: { course: string; to: number }[] = [];
  let out = 0;
  for (const course of [...byCourse.keys()].sort()) {
    const heap = (byCourse.get(course) ?? []).map((segment) => new Cursor(segment));
    for (let at = (heap.length >>> 1) - 1; at >= 0; at -= 1) sink(heap, heap.length, at);
    let size = heap.length;
    while (size > 0) {
      const first = heap[0] as Cursor; // size > 0
      batchOf[out] = first.at;
      rowOf[out] = first.row;
      out += 1;
      if (!first.advance()) {
        size -= 1;
        heap[0] = heap[size] as Cursor; // size was the last filled place
      }
      sink(heap, size, 0);
    }
    courses.push({ course, to: out });
  }
  return { batchOf, rowOf, rows, courses };
}

class Cursor {
  readonly at: number;
  readonly rank: number;
  readonly #order: Uint32Array;
  readonly #times: Float64Array;
  readonly #lines: Uint32Array;
  readonly #to: number;
  #position: number;
  row = 0;
  timeUs = 0;
  line = 0;

  constructor({ batch, at, rank, from, to }: Segment) {
    this.at = at;
    this.rank = rank;
    this.#order = batch.order;
    this.#times = batch.timeUs;
    this.#lines = batch.line;
    this.#position = from;
    this.#to = to;
    this.#read();
  }

  /** Goes to the next event; false at the end of the segment. */
  advance(): boolean {
    this.#position += 1;
    if (this.#position >= this.#to) return false;
    this.#read();
    return true;
  }

  #read(): void {
    this.row = this.#order[this.#position] as number; // position < to
    this.timeUs = this.#times[this.row] as number;
    this.line = this.#lines[this.row] as number;
  }
}

function isBefore(a: Cursor, b: Cursor): boolean {
  if (a.timeUs !== b.timeUs) return a.timeUs < b.timeUs;
  if (a.rank !== b.rank) return a.rank < b.rank;
  return a.line < b.line;
}

function sink(heap: Cursor[], size: number, from: number): void {
  let at = from;
  const sinking = heap[at] as Cursor; // callers pass a filled place, or size 0
  for (;;) {
    let child = at * 2 + 1;
    if (child >= size) break;
    if (child + 1 < size && isBefore(heap[child + 1] as Cursor, heap[child] as Cursor)) child += 1;
    const lower = heap[child] as Cursor;
    if (!isBefore(lower, sinking)) break;
    heap[at] = lower;
    at = child;
  }
  heap[at] = sinking;
}
