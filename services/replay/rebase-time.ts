/**
 * Writes another time into the time field of a line, and changes nothing else of it:
 *
 *   {"username": "ann", "time": "2013-10-22T10:00:00.1+00:00", …}
 *   {"username": "ann", "time": "2026-11-22T08:30:00.000001+00:00", …}
 *
 * A text becomes a text as edX writes it, a number a number of the same unit. A line without a time, or with
 * one that is neither, is left as it is.
 */
import { ESCAPED, OTHER, STRING, TIME_SLOT } from '#shared/kernel/assembly/layout';
import { createKernel, READ_AHEAD_BYTES } from '#shared/kernel/kernel';
import { ScanState } from '#shared/kernel/scan-state';
import { trimmedEnd } from '#shared/tracking/line-rules';

/** Address space for lines of any length that is kept, of which a line's own is used. */
const MEMORY_BYTES = 512 << 20;
const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;
const MILLISECONDS_FROM = 1e11;
const MICROSECONDS_FROM = 1e14;

export class TimeRebaser {
  readonly #state = new ScanState(createKernel(MEMORY_BYTES));
  #place = 0;
  #placeBytes = 0;

  /** The line with this time (microseconds since 1970) in it, or the same bytes. */
  rebase(raw: Buffer, jsonAt: number, timeUs: number): Buffer {
    const { kind, start, end, kernel } = this.#state;
    this.#makeRoom(raw.length + READ_AHEAD_BYTES);
    kernel.bytes.set(raw, this.#place);
    const lineEnd = this.#place + trimmedEnd(raw, 0, raw.length);
    if (!this.#state.walk(this.#place + jsonAt, lineEnd)) return raw;
    const from = (start[TIME_SLOT] ?? 0) - this.#place;
    const to = (end[TIME_SLOT] ?? 0) - this.#place;
    const written = writtenAs(kind[TIME_SLOT], raw.toString('latin1', from, to), timeUs);
    if (written === undefined) return raw;
    return Buffer.concat([raw.subarray(0, from), Buffer.from(written), raw.subarray(to)]);
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#placeBytes) return;
    const { blocks } = this.#state.kernel;
    const place = blocks.take(bytes);
    if (this.#place > 0) blocks.give(this.#place);
    this.#place = place;
    this.#placeBytes = blocks.sizeOf(place);
  }
}

function writtenAs(kind: number | undefined, before: string, timeUs: number): string | undefined {
  if (kind === STRING || kind === ESCAPED) return isoTime(timeUs);
  if (kind !== OTHER || !NUMBER.test(before)) return undefined;
  const value = Number(before);
  if (value >= MICROSECONDS_FROM) return String(timeUs);
  if (value >= MILLISECONDS_FROM) return String(Math.floor(timeUs / 1000));
  return before.includes('.') ? (timeUs / 1e6).toFixed(6) : String(Math.floor(timeUs / 1e6));
}

/** `2013-10-22T10:00:00.000001+00:00`, as edX writes it. */
export function isoTime(timeUs: number): string {
  const seconds = new Date(Math.floor(timeUs / 1000)).toISOString().slice(0, 19);
  const fraction = String(timeUs % 1e6).padStart(6, '0');
  return `${seconds}.${fraction}+00:00`;
}
