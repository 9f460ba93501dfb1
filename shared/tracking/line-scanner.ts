/**
 * The fast way to read one line of a tracking log: the same answers as parse-event.ts, with no
 * object for the event and no string for a field.
 *
 *   in    the places [from, to) of a line without its LF in the kernel's memory
 *   out   LINE_EVENT, LINE_BLANK or LINE_REJECTED, and the fields below until the next call
 *
 * A line costs one walk over its bytes, by the kernel. A line that the walk does not accept goes to the
 * plain reader, which gives the reason; `plainLines` counts them. Of a log file most lines do not even come
 * here: batch-builder.ts lets the kernel read runs of usual ones.
 */
import {
  ABSENT,
  COURSE_ID_SLOT,
  ESCAPED,
  EVENT_SLOT,
  EVENT_SOURCE_SLOT,
  EVENT_TYPE_SLOT,
  NULL,
  OBJECT,
  PAGE_SLOT,
  PATH_SLOT,
  REFERER_SLOT,
  STRING,
  TEXT_SLOTS,
  TIME_SLOT,
  USER_ID_SLOT,
} from '#shared/kernel/assembly/layout';
import type { Kernel } from '#shared/kernel/kernel';
import { ScanState } from '#shared/kernel/scan-state';
import { CourseCache } from './course-cache.js';
import { courseOfUrl } from './course-key.js';
import { decodeString } from './decode-string.js';
import { type CourseClues, courseOfSurroundings } from './event-course.js';
import {
  NO_TIME,
  readEpoch,
  readTimeText,
  TIME_STATES as STATES,
  type TimeStateIndex,
  timeStateOf,
} from './event-time.js';
import { FIELD_NAMES, NO_OBJECT_DETAIL, type RejectReason, trimmedEnd } from './line-rules.js';
import { parseEvent } from './parse-event.js';
import { FOUND, mentionsCourse, NONE, UrlSpan } from './url-span.js';
import { readUserId } from './user-id.js';

/** The text columns in the order of `textStart` and its like. */
export const TEXT_FIELDS = FIELD_NAMES;
/** What `timeState` is an index into. */
export const TIME_STATES = STATES;

/** More than any university has; 4 MiB where every name is as long as it may be. */
export const COURSES_MAX = 16_384;

export const LINE_EVENT = 0;
export const LINE_BLANK = 1;
export const LINE_REJECTED = 2;
export type LineKind = 0 | 1 | 2;

export class LineScanner {
  /** Per TEXT_FIELDS: the place of the value, or -1: see `textDecoded`. */
  readonly textStart = new Float64Array(TEXT_SLOTS);
  /** Bytes of the value; 0 for ''. */
  readonly textLength = new Int32Array(TEXT_SLOTS);
  /** The values that stood in escapes. */
  readonly textDecoded: (Buffer | undefined)[] = new Array(TEXT_SLOTS).fill(undefined);
  /** Where the object begins, relative to `from`. */
  jsonAt = 0;
  /** Microseconds since the epoch; NaN where there is none. */
  timeUs = Number.NaN;
  /** An index into TIME_STATES. */
  timeState: TimeStateIndex = 1;
  /** NaN for none. */
  userId = Number.NaN;
  /** An index into `courses`; 0 for no course. */
  course = 0;
  rejectReason: RejectReason = 'no-object';
  rejectDetail = '';
  /** How many lines went to the plain reader so far. */
  plainLines = 0;

  readonly state: ScanState;
  readonly #cache = new CourseCache();
  readonly #url = new UrlSpan();

  /** Course ids as latin1 views of their bytes, in order of first sight since they were forgotten last. */
  readonly courses: readonly string[] = this.#cache.courses;

  constructor(kernel: Kernel) {
    this.state = new ScanState(kernel);
  }

  /**
   * Forgets the courses where there are many: a process that reads for years meets ever more names, of which
   * broken pages and hostile lines make up most. `course` of lines that were read before means nothing then.
   */
  boundCourses(): void {
    if (this.courses.length <= COURSES_MAX) return;
    this.#cache.clear();
    this.state.forgetCourses();
  }

  [Symbol.dispose](): void {
    this.state[Symbol.dispose]();
  }

  scan(from: number, to: number): LineKind {
    const { bytes } = this.state.kernel;
    const end = trimmedEnd(bytes, from, to);
    if (end === from) return LINE_BLANK;
    let open = from;
    while (open < end && bytes[open] !== 0x7b) open++;
    this.jsonAt = open - from;
    if (open === end) {
      this.rejectReason = 'no-object';
      this.rejectDetail = NO_OBJECT_DETAIL;
      return LINE_REJECTED;
    }
    if (bytes[end - 1] !== 0x7d || !this.state.walk(open, end)) {
      return this.#scanPlainly(bytes, from, to);
    }
    this.#takeTexts(bytes, from);
    this.#takeTime(bytes);
    this.#takeUserId(bytes);
    this.#takeCourse(bytes);
    return LINE_EVENT;
  }

  #takeTexts(bytes: Buffer, from: number): void {
    const { kind, start, end } = this.state;
    for (let slot = 0; slot < TEXT_SLOTS; slot++) {
      const valueKind = kind[slot];
      if (valueKind === ABSENT || valueKind === NULL) {
        this.textStart[slot] = from;
        this.textLength[slot] = 0;
      } else if (valueKind === ESCAPED) {
        this.#putDecoded(slot, decodeString(bytes, start[slot] ?? 0, end[slot] ?? 0));
      } else {
        const valueFrom = start[slot] ?? 0;
        this.textStart[slot] = valueFrom;
        this.textLength[slot] = (end[slot] ?? 0) - valueFrom;
      }
    }
  }

  #putDecoded(slot: number, value: Buffer): void {
    this.textStart[slot] = -1;
    this.textLength[slot] = value.length;
    this.textDecoded[slot] = value;
  }

  #takeTime(bytes: Buffer): void {
    const { kind, start, end } = this.state;
    const valueKind = kind[TIME_SLOT];
    const from = start[TIME_SLOT] ?? 0;
    const to = end[TIME_SLOT] ?? 0;
    let time = NO_TIME;
    if (valueKind === STRING) {
      time = readTimeText(bytes, from, to);
    } else if (valueKind === ESCAPED) {
      const text = decodeString(bytes, from, to);
      time = readTimeText(text, 0, text.length);
    } else if (valueKind !== ABSENT && valueKind !== NULL) {
      time = readEpoch(bytes, from, to);
    }
    this.timeState = timeStateOf(time);
    this.timeUs = time === NO_TIME ? Number.NaN : time;
  }

  #takeUserId(bytes: Buffer): void {
    const { kind, start, end } = this.state;
    const valueKind = kind[USER_ID_SLOT];
    const from = start[USER_ID_SLOT] ?? 0;
    const to = end[USER_ID_SLOT] ?? 0;
    if (valueKind === ABSENT || valueKind === NULL) {
      this.userId = Number.NaN;
    } else if (valueKind === ESCAPED) {
      const text = decodeString(bytes, from, to);
      this.userId = readUserId(text, 0, text.length);
    } else {
      this.userId = readUserId(bytes, from, to);
    }
  }

  #takeCourse(bytes: Buffer): void {
    const { kind, start, end } = this.state;
    const from = start[COURSE_ID_SLOT] ?? 0;
    const to = end[COURSE_ID_SLOT] ?? 0;
    let course = 0;
    if (kind[COURSE_ID_SLOT] === STRING) {
      course = this.#cache.lookUp(bytes, from, to - from);
      if (course !== 0) this.state.rememberCourse(from, to - from, course);
    } else if (kind[COURSE_ID_SLOT] === ESCAPED) {
      const text = decodeString(bytes, from, to);
      course = this.#cache.lookUp(text, 0, text.length);
    }
    this.course = course === 0 ? this.#courseElsewhere(bytes) : course;
  }

  /** The places of event-course.ts after the first, in its order. */
  #courseElsewhere(bytes: Buffer): number {
    const { kind, start, end } = this.state;
    const eventKind = kind[EVENT_SLOT];
    const hasEvent = eventKind === STRING || eventKind === ESCAPED || eventKind === OBJECT;
    if (hasEvent && mentionsCourse(bytes, start[EVENT_SLOT] ?? 0, end[EVENT_SLOT] ?? 0)) {
      return this.#courseOfStrings(bytes);
    }
    let course = this.#courseOfUrl(bytes, PATH_SLOT);
    if (course !== 0) return course;
    const source = this.#string(bytes, EVENT_SOURCE_SLOT);
    if (source === 'server') {
      if (bytes[start[EVENT_TYPE_SLOT] ?? 0] === 0x2f || kind[EVENT_TYPE_SLOT] === ESCAPED) {
        course = this.#courseOfUrl(bytes, EVENT_TYPE_SLOT);
      }
    } else if (source === 'browser' || source === 'mobile') {
      course = this.#courseOfUrl(bytes, PAGE_SLOT);
    }
    return course === 0 ? this.#courseOfUrl(bytes, REFERER_SLOT) : course;
  }

  /** The course that the URL in this slot leads into; its bytes are looked up, where plain. */
  #courseOfUrl(bytes: Buffer, slot: number): number {
    const { kind, start, end } = this.state;
    if (kind[slot] === STRING) {
      const found = this.#url.find(bytes, start[slot] ?? 0, end[slot] ?? 0);
      if (found === NONE) return 0;
      if (found === FOUND) {
        const course = this.#cache.lookUp(bytes, this.#url.start, this.#url.length);
        if (course !== 0) return course;
      }
    } else if (kind[slot] !== ESCAPED) return 0;
    const text = this.#string(bytes, slot);
    if (slot === EVENT_TYPE_SLOT && !text.startsWith('/')) return 0;
    return this.#cache.intern(courseOfUrl(text));
  }

  #courseOfStrings(bytes: Buffer): number {
    const clues: CourseClues = {
      courseId: '',
      path: this.#string(bytes, PATH_SLOT),
      eventSource: this.#string(bytes, EVENT_SOURCE_SLOT),
      eventType: this.#string(bytes, EVENT_TYPE_SLOT),
      page: this.#string(bytes, PAGE_SLOT),
      referer: this.#string(bytes, REFERER_SLOT),
      event: this.#string(bytes, EVENT_SLOT),
    };
    return this.#cache.intern(courseOfSurroundings(clues));
  }

  /** A latin1 view of a string's value; of an object, its JSON text; '' of anything else. */
  #string(bytes: Buffer, slot: number): string {
    const { kind, start, end } = this.state;
    const from = start[slot] ?? 0;
    const to = end[slot] ?? 0;
    if (kind[slot] === ESCAPED) return decodeString(bytes, from, to).toString('latin1');
    const isText = kind[slot] === STRING || (kind[slot] === OBJECT && slot === EVENT_SLOT);
    return isText ? bytes.toString('latin1', from, to) : '';
  }

  #scanPlainly(bytes: Buffer, from: number, to: number): LineKind {
    this.plainLines++;
    const line = parseEvent(bytes.subarray(from, to));
    if (line.kind === 'reject') {
      // Its reasons are those of a line, blank apart, and a blank line does not come here.
      this.rejectReason = line.reason === 'blank' ? 'no-object' : line.reason;
      this.rejectDetail = line.detail;
      return LINE_REJECTED;
    }
    if (line.kind === 'drop') return LINE_BLANK;
    for (let slot = 0; slot < TEXT_SLOTS; slot++) {
      this.#putDecoded(slot, line.value.text[slot] ?? Buffer.alloc(0));
    }
    this.jsonAt = line.value.jsonAt;
    this.timeUs = line.value.timeUs;
    const state = TIME_STATES.indexOf(line.value.timeState);
    this.timeState = state === 0 ? 0 : state === 1 ? 1 : state === 2 ? 2 : 3;
    this.userId = line.value.userId ?? Number.NaN;
    this.course = this.#cache.intern(line.value.courseId);
    return LINE_EVENT;
  }
}
