/**
 * A window of events as ClickHouse writes it in RowBinary:
 *
 *   time Int64 │ has time UInt8 │ log date UInt16 │ line UInt64 │ json_at UInt32 │ site │ organization │ server │ raw
 *   └──────────────────── 23 bytes of fixed width ──────────────────────────────┘ └── each: length (LEB128), bytes ──┘
 *
 * RowBinary because it keeps bytes that are no UTF-8 and costs the least to take apart. A window is walked
 * once when it comes, to find its rows; an event becomes an object only when somebody wants it.
 */
import { assert } from '#shared/errors';
import type { ReplayedEvent } from './replayed-event.js';

/** What is selected from `events`, in the order in which it is read here. No aliases: conditions name columns. */
export const WINDOW_COLUMNS = `toUnixTimestamp64Micro(time), toUInt8(time_state = 'ok'), log_date, line, json_at,
  toString(site), toString(organization), toString(server), raw`;

const HAS_TIME_AT = 8;
const LOG_DAY_AT = 9;
const LINE_AT = 11;
const JSON_AT_AT = 19;
const FIXED_BYTES = 23;
const TEXTS = 4;

export class EventWindow {
  readonly events: number;
  readonly sizeBytes: number;
  readonly #bytes: Buffer;
  readonly #courseId: string;
  /** Where each row begins, and behind the last one the end. */
  readonly #rowAt: Uint32Array;

  constructor(bytes: Buffer, courseId: string) {
    this.#bytes = bytes;
    this.#courseId = courseId;
    this.#rowAt = findRows(bytes);
    this.events = this.#rowAt.length - 1;
    this.sizeBytes = bytes.length;
  }

  timeUs(row: number): number {
    return int64(this.#bytes, this.#rowAt[row] ?? 0);
  }

  /** Rows from `first` up to, not including, `end`. */
  slice(first: number, end: number): readonly ReplayedEvent[] {
    const events: ReplayedEvent[] = [];
    for (let row = first; row < end; row += 1) events.push(this.event(row));
    return events;
  }

  event(row: number): ReplayedEvent {
    const bytes = this.#bytes;
    const at = this.#rowAt[row] ?? 0;
    const end = this.#rowAt[row + 1] ?? 0;
    const texts: string[] = [];
    let from = at + FIXED_BYTES;
    for (let text = 0; text < TEXTS - 1; text += 1) {
      const start = afterLength(bytes, from);
      from = start + readLength(bytes, from);
      texts.push(bytes.toString('utf8', start, from));
    }
    const [site = '', organization = '', server = ''] = texts;
    return {
      courseId: this.#courseId,
      timeUs: int64(bytes, at),
      site,
      organization,
      server,
      logDay: bytes.readUInt16LE(at + LOG_DAY_AT),
      line: int64(bytes, at + LINE_AT),
      hasTime: bytes[at + HAS_TIME_AT] === 1,
      jsonAt: bytes.readUInt32LE(at + JSON_AT_AT),
      raw: bytes.subarray(afterLength(bytes, from), end),
    };
  }
}

function findRows(bytes: Buffer): Uint32Array {
  let starts = new Uint32Array(1024);
  let rows = 0;
  let at = 0;
  while (at < bytes.length) {
    if (rows + 1 >= starts.length) {
      const grown = new Uint32Array(starts.length * 2);
      grown.set(starts);
      starts = grown;
    }
    starts[rows] = at;
    rows += 1;
    at += FIXED_BYTES;
    for (let text = 0; text < TEXTS; text += 1) {
      at = afterLength(bytes, at) + readLength(bytes, at);
    }
  }
  assert(at === bytes.length, 'a window of events ends with the end of a row');
  starts[rows] = at;
  return starts.subarray(0, rows + 1);
}

/** The LEB128 number at this byte. */
function readLength(bytes: Buffer, at: number): number {
  let byte = bytes[at] ?? 0;
  if (byte < 0x80) return byte;
  let length = byte & 0x7f;
  let scale = 128;
  for (let next = at + 1; byte >= 0x80; next += 1) {
    byte = bytes[next] ?? 0;
    length += (byte & 0x7f) * scale;
    scale *= 128;
  }
  return length;
}

/** The first byte behind the number at this one. */
function afterLength(bytes: Buffer, at: number): number {
  let next = at;
  while ((bytes[next] ?? 0) >= 0x80) next += 1;
  return next + 1;
}

/** Times and line numbers are below 2^53. */
function int64(bytes: Buffer, at: number): number {
  return bytes.readInt32LE(at + 4) * 0x1_0000_0000 + bytes.readUInt32LE(at);
}
