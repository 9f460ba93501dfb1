/**
 * The events of a data directory and those of the oracle in one form, to be compared. Text comes as
 * hexadecimal digits, so that bytes that are not UTF-8 survive the way out of the program.
 */
import { type Place, rowsOf } from './edxstream.js';
import { CONTEXT_FIELDS, type OracleEvent, type OracleLine, ROOT_FIELDS } from './oracle.js';

export interface StoredEvent {
  readonly where: string;
  readonly course: string;
  readonly time_us: string;
  readonly time_state: string;
  readonly late: boolean;
  readonly json_at: number;
  readonly user_id: string | null;
  readonly fields: readonly string[];
  readonly raw: string;
}

const WHERE = `concat(organization, '/', site, '/', server, '/', toString(log_date), ':', toString(line))`;

/** All events in the order that the warehouse promises: of each course by time, then by identity. */
export function storedEvents(data: Place): Promise<StoredEvent[]> {
  const fields = [...ROOT_FIELDS, ...CONTEXT_FIELDS].map((name) => `hex(${name})`).join(', ');
  return rowsOf<StoredEvent>(
    data,
    `SELECT ${WHERE} AS where, hex(course_id) AS course,
       toString(toUnixTimestamp64Micro(time)) AS time_us, time_state, late, json_at,
       toString(user_id) AS user_id, [${fields}] AS fields, hex(raw) AS raw
     FROM events ORDER BY events.course_id, events.time, site, organization, server, log_date, line`,
  );
}

export interface StoredRejected {
  readonly where: string;
  readonly raw: string;
}

export function storedRejected(data: Place): Promise<StoredRejected[]> {
  return rowsOf<StoredRejected>(
    data,
    `SELECT ${WHERE} AS where, hex(raw) AS raw FROM rejected_lines
     ORDER BY site, organization, server, log_date, line`,
  );
}

export function expectedEvent(event: OracleEvent): StoredEvent {
  return {
    where: whereOf(event),
    course: hex(event.courseId),
    time_us: String(event.timeUs),
    time_state: event.timeState,
    late: event.isLate,
    json_at: event.jsonAt,
    user_id: event.userId,
    fields: event.fields.map(hex),
    raw: hex(event.raw),
  };
}

export function expectedRejected(line: OracleLine): StoredRejected {
  return { where: whereOf(line), raw: hex(line.raw) };
}

/** The rows in which two lists differ, the first few of them: a short message where all do. */
export function differences<T>(
  stored: readonly T[],
  expected: readonly T[],
): { readonly stored: T | undefined; readonly expected: T | undefined }[] {
  const found = [];
  for (let at = 0; at < Math.max(stored.length, expected.length) && found.length < 3; at += 1) {
    if (JSON.stringify(stored[at]) !== JSON.stringify(expected[at])) {
      found.push({ stored: stored[at], expected: expected[at] });
    }
  }
  return found;
}

function whereOf(line: OracleLine): string {
  return `${line.organization}/${line.site}/${line.server}/${line.logDate}:${line.line}`;
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}
