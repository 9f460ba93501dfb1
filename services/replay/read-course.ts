/**
 * The events of one course in their order, read from the warehouse window by window.
 *
 *   … ──────┤ window n: with the consumer ├─┤ window n+1: being read ├── not asked for yet ──
 *
 * A window is a query of its own, from a place in the sorting key on, so nothing is open in the engine while
 * a replay waits, and any number of events may have the same time. Memory is two windows, whatever the
 * length of the course: rows are limited by what recent lines weighed, bytes by the engine.
 *
 * What surprises: a query is also given an end in time. Without it the engine opens every later part of the
 * table for each window, which takes ten times as long where there are many. The end moves with how many
 * events there were lately; where there are none at all, one more query asks when the next one is.
 */
import { EdxstreamError } from '#shared/errors';
import { engineCode } from '#shared/warehouse/engine-errors';
import type { Warehouse } from '#shared/warehouse/warehouse';
import { EventWindow, WINDOW_COLUMNS } from './decode-window.js';
import {
  AFTER_CONDITION,
  afterParameters,
  type Condition,
  clampStart,
  LATEST_US,
  type ReplayScope,
  SPAN_CONDITION,
  scopeCondition,
} from './replay-scope.js';
import type { EventPlace, ReplayedEvent, StartPoint } from './replayed-event.js';

export interface ReadCourseOptions {
  readonly scope: ReplayScope;
  readonly start: StartPoint;
  /** About the bytes of a window. */
  readonly windowBytes: number;
  readonly signal: AbortSignal;
}

const FIRST_ROWS = 512;
const ROWS_MIN = 16;
const ROWS_MAX = 131_072;
const GROWTH = 8;
const FIRST_SPAN_US = 86_400e6;
const SPAN_US_MIN = 1e6;
/** Events that are made objects at once: few, so that nothing else on the thread waits for long. */
const SLICE_EVENTS = 512;
/** ClickHouse's number for a setting that this user may not change. */
const READONLY = 164;
/** The engine counts bytes before they are packed: a row with an empty line is less than 3 times as large. */
const UNPACKED_MAX = 3;

/** Where the next window begins, and how large it should be. */
interface Cursor {
  readonly fromUs: number;
  readonly after: EventPlace | undefined;
  readonly spanUs: number;
  readonly rows: number;
}

interface FoundWindow {
  readonly window: EventWindow;
  readonly next: Cursor;
}

export async function* readCourse(
  warehouse: Warehouse,
  courseId: string,
  options: ReadCourseOptions,
): AsyncGenerator<readonly ReplayedEvent[]> {
  const reader = new CourseReader(warehouse, courseId, options);
  const start = clampStart(options.start, options.scope);
  let coming = reader.find({
    ...(start.kind === 'after'
      ? { fromUs: start.place.timeUs, after: start.place }
      : { fromUs: start.timeUs, after: undefined }),
    spanUs: FIRST_SPAN_US,
    rows: FIRST_ROWS,
  });
  try {
    for (;;) {
      const found = await coming;
      if (found === undefined) return;
      coming = reader.find(found.next);
      // Its fault is told when its turn comes, and not as one that nobody waits for.
      coming.catch(() => undefined);
      yield* slicesOf(found.window);
    }
  } finally {
    // Whoever stops reading may close the warehouse.
    await coming.catch(() => undefined);
  }
}

function* slicesOf(window: EventWindow): Iterable<readonly ReplayedEvent[]> {
  for (let row = 0; row < window.events; row += SLICE_EVENTS) {
    yield window.slice(row, Math.min(window.events, row + SLICE_EVENTS));
  }
}

class CourseReader {
  readonly #warehouse: Warehouse;
  readonly #courseId: string;
  readonly #condition: Condition;
  readonly #toUs: number;
  readonly #windowBytes: number;
  readonly #signal: AbortSignal;
  #byteLimit: string;

  constructor(warehouse: Warehouse, courseId: string, options: ReadCourseOptions) {
    this.#warehouse = warehouse;
    this.#courseId = courseId;
    this.#condition = scopeCondition(courseId, options.scope, warehouse.kind);
    this.#toUs = options.scope.toUs ?? LATEST_US;
    this.#windowBytes = options.windowBytes;
    this.#signal = options.signal;
    this.#byteLimit = `SETTINGS max_result_bytes = ${2 * options.windowBytes}, result_overflow_mode = 'break'`;
  }

  /** The next window that is not empty, or undefined at the end of the course. */
  async find(from: Cursor): Promise<FoundWindow | undefined> {
    let cursor = from;
    while (cursor.fromUs < this.#toUs && !this.#signal.aborted) {
      const endUs = Math.min(this.#toUs, cursor.fromUs + cursor.spanUs);
      const window = await this.#fetch(cursor, endUs);
      if (window.events > 0) return { window, next: this.#cursorBehind(window, cursor, endUs) };
      const nextUs = endUs < this.#toUs ? await this.#nextTimeUs(endUs) : undefined;
      if (nextUs === undefined) return undefined;
      cursor = { ...cursor, fromUs: nextUs, after: undefined, spanUs: cursor.spanUs * GROWTH };
    }
    return undefined;
  }

  async #fetch(cursor: Cursor, endUs: number): Promise<EventWindow> {
    try {
      return await this.#ask(cursor, endUs, this.#byteLimit);
    } catch (error) {
      const cause = error instanceof EdxstreamError ? error.cause : undefined;
      if (this.#byteLimit === '' || engineCode(cause) !== READONLY) throw error;
      // A user of a server who may only read may not set this either; rows alone are limited then.
      this.#byteLimit = '';
      return this.#ask(cursor, endUs, '');
    }
  }

  async #ask(cursor: Cursor, endUs: number, byteLimit: string): Promise<EventWindow> {
    const { fromUs, after, rows } = cursor;
    const bytes = await this.#warehouse.fetchBytes(
      `SELECT ${WINDOW_COLUMNS} FROM events
       WHERE ${this.#condition.sql} AND ${SPAN_CONDITION} ${after === undefined ? '' : `AND ${AFTER_CONDITION}`}
       ORDER BY course_id, time, site, organization, server, log_date, line LIMIT ${rows} ${byteLimit}`,
      'RowBinary',
      {
        ...this.#condition.parameters,
        ...{ from: fromUs, to: endUs },
        ...(after === undefined ? {} : afterParameters(after)),
      },
    );
    return new EventWindow(bytes, this.#courseId);
  }

  async #nextTimeUs(fromUs: number): Promise<number | undefined> {
    const bytes = await this.#warehouse.fetchBytes(
      `SELECT toUnixTimestamp64Micro(time) FROM events
       WHERE ${this.#condition.sql} AND ${SPAN_CONDITION}
       ORDER BY course_id, time LIMIT 1`,
      'RowBinary',
      { ...this.#condition.parameters, from: fromUs, to: this.#toUs },
    );
    return bytes.length === 0 ? undefined : Number(bytes.readBigInt64LE(0));
  }

  #cursorBehind(window: EventWindow, { rows, spanUs }: Cursor, endUs: number): Cursor {
    const { events, sizeBytes } = window;
    const last = window.event(events - 1);
    const fitting = Math.floor((this.#windowBytes * events) / sizeBytes);
    const wanted = Math.min(rows * GROWTH, ROWS_MAX, Math.max(ROWS_MIN, fitting));
    const isFull = events >= rows;
    // Less than the limits allow: the span was read to its end.
    if (!isFull && sizeBytes * UNPACKED_MAX < 2 * this.#windowBytes) {
      return { fromUs: endUs, after: undefined, spanUs: spanUs * GROWTH, rows: wanted };
    }
    const usPerEvent = (last.timeUs - window.timeUs(0)) / events;
    // Twice what should do, as a span that is too short costs another query.
    const spanWantedUs = Math.max(SPAN_US_MIN, Math.ceil(2 * wanted * usPerEvent));
    return { fromUs: last.timeUs, after: last, spanUs: spanWantedUs, rows: wanted };
  }
}
