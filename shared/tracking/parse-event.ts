/**
 * The plain way to read one line of a tracking log; line-scanner.ts is the fast one and must agree.
 *
 *   in    Sep  9 00:00:48 localhost {"username": "a", "time": "2012-09-09T00:00:48", …}
 *   out   blank, or an event with the columns of the table `events`, or a rejected line
 *
 * What stands before the first `{` is a junk prefix, which old logs have. Any object is an event,
 * also `{}` and one whose time is unusable. Bytes that are not UTF-8 come through untouched.
 */
import type { Outcome } from '#shared/outcome';
import { courseOfEvent } from './event-course.js';
import {
  NO_TIME,
  readEpoch,
  readTimeText,
  TIME_STATES,
  type TimeState,
  timeStateOf,
} from './event-time.js';
import { decodeText, type ObjectMembers, readObject } from './json-object.js';
import {
  FIELD_NAMES,
  NO_OBJECT_DETAIL,
  type RejectReason,
  ROOT_TEXT_FIELDS,
  trimmedEnd,
} from './line-rules.js';
import { readUserId } from './user-id.js';

export interface ParsedEvent {
  /** The byte of the line at which the object begins. */
  readonly jsonAt: number;
  /** The values of FIELD_NAMES, in their order. */
  readonly text: readonly Buffer[];
  readonly userId: number | null;
  /** Microseconds since the epoch; NaN where there is none. */
  readonly timeUs: number;
  readonly timeState: TimeState;
  /** A latin1 view of the id's bytes; '' for none. */
  readonly courseId: string;
}

export type ParsedLine = Outcome<ParsedEvent, 'blank' | RejectReason>;

export function parseEvent(line: Buffer): ParsedLine {
  const end = trimmedEnd(line, 0, line.length);
  if (end === 0) return { kind: 'drop', reason: 'blank' };
  const text = line.toString('latin1', 0, end);
  const jsonAt = text.indexOf('{');
  if (jsonAt < 0) return { kind: 'reject', reason: 'no-object', detail: NO_OBJECT_DETAIL };
  const root = readObject(text.slice(jsonAt));
  if (root.kind !== 'keep') return root;
  return { kind: 'keep', value: eventOf(jsonAt, root.value) };
}

function eventOf(jsonAt: number, root: ObjectMembers): ParsedEvent {
  const context = contextOf(root);
  const time = timeOf(root.get('time'));
  const event = root.get('event') ?? '';
  return {
    jsonAt,
    text: FIELD_NAMES.map((field, index) => {
      const value = (index < ROOT_TEXT_FIELDS ? root : context).get(field);
      return Buffer.from(columnText(value), 'latin1');
    }),
    userId: userIdOf(context.get('user_id')),
    timeUs: Number.isFinite(time) ? time : Number.NaN,
    timeState: TIME_STATES[timeStateOf(time)],
    courseId: courseOfEvent({
      courseId: stringValue(context.get('course_id')),
      path: stringValue(context.get('path')),
      eventSource: stringValue(root.get('event_source')),
      eventType: stringValue(root.get('event_type')),
      page: stringValue(root.get('page')),
      referer: stringValue(root.get('referer')),
      event: event.startsWith('{') ? event : stringValue(event),
    }),
  };
}

function contextOf(root: ObjectMembers): ObjectMembers {
  const context = root.get('context');
  if (!context?.startsWith('{')) return new Map();
  const read = readObject(context);
  return read.kind === 'keep' ? read.value : new Map();
}

/** The text of a column: a string's value, '' for null, else the JSON text as it stands. */
function columnText(value: string | undefined): string {
  if (value === undefined || value === 'null') return '';
  return value.startsWith('"') ? stringValue(value) : value;
}

function stringValue(value: string | undefined): string {
  return value?.startsWith('"') ? decodeText(value.slice(1, -1)) : '';
}

function userIdOf(value: string | undefined): number | null {
  if (value === undefined) return null;
  const text = value.startsWith('"') ? stringValue(value) : value;
  const bytes = Buffer.from(text, 'latin1');
  const userId = readUserId(bytes, 0, bytes.length);
  return Number.isNaN(userId) ? null : userId;
}

function timeOf(value: string | undefined): number {
  if (value === undefined || value === 'null') return NO_TIME;
  if (value.startsWith('"')) {
    const bytes = Buffer.from(stringValue(value), 'latin1');
    return readTimeText(bytes, 0, bytes.length);
  }
  const bytes = Buffer.from(value, 'latin1');
  return readEpoch(bytes, 0, bytes.length);
}
