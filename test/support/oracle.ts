/**
 * A second reader of tracking logs, slow and plain, which shares no code with the program: it takes
 * what `gpg -d` printed and says for each line what a correct load must make of it.
 */
import { courseOf } from './oracle-course.js';
import {
  bytesOf,
  charactersOf,
  type JsonObject,
  objectOf,
  parseObject,
  textOf,
} from './oracle-json.js';
import { maskSecrets } from './oracle-secrets.js';
import { eventTime, type TimeState } from './oracle-time.js';

/** Where a line stands. */
export interface LogFileIdentity {
  readonly organization: string;
  readonly site: string;
  readonly server: string;
  readonly logDate: string;
}

export const ROOT_FIELDS = [
  'event_type',
  'name',
  'event_source',
  'username',
  'session',
  'ip',
  'agent',
  'host',
  'page',
  'referer',
] as const;
export const CONTEXT_FIELDS = ['org_id', 'path'] as const;

export interface OracleLine extends LogFileIdentity {
  readonly kind: 'event' | 'rejected' | 'blank';
  readonly line: number;
  /** The bytes that the warehouse must hold: the line with its secrets masked. */
  readonly raw: Buffer;
  readonly isMasked: boolean;
}

export interface OracleEvent extends OracleLine {
  readonly kind: 'event';
  readonly courseId: Buffer;
  readonly timeUs: bigint;
  readonly timeState: TimeState;
  readonly isLate: boolean;
  readonly jsonAt: number;
  /** Canonical decimal digits, or null. */
  readonly userId: string | null;
  /** The text columns in the order of ROOT_FIELDS and CONTEXT_FIELDS. */
  readonly fields: readonly Buffer[];
}

/** The lines of a log file: what `wc -l` counts, and one more where the last has no line feed. */
export function linesOf(plaintext: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  while (start < plaintext.length) {
    const end = plaintext.indexOf(0x0a, start);
    const stop = end === -1 ? plaintext.length : end;
    lines.push(plaintext.subarray(start, stop));
    start = stop + 1;
  }
  return lines;
}

export function readLogFile(
  plaintext: Buffer,
  identity: LogFileIdentity,
): (OracleLine | OracleEvent)[] {
  return linesOf(plaintext).map((bytes, index) => readLine(bytes, index + 1, identity));
}

export function readLine(
  bytes: Buffer,
  line: number,
  identity: LogFileIdentity,
): OracleLine | OracleEvent {
  const text = charactersOf(bytes);
  const masked = maskSecrets(bytes);
  const common = { ...identity, line, raw: masked.bytes, isMasked: masked.isMasked };
  if (/^[ \t\r\v\f]*$/.test(text)) return { ...common, kind: 'blank' };
  const jsonAt = text.indexOf('{');
  const event =
    jsonAt === -1 ? undefined : parseObject(text.slice(jsonAt).replace(/[ \t\r\v\f]+$/, ''));
  if (event === undefined) return { ...common, kind: 'rejected' };
  return { ...common, ...columnsOf(event, identity.logDate), kind: 'event', jsonAt };
}

export function isEvent(line: OracleLine | OracleEvent): line is OracleEvent {
  return line.kind === 'event';
}

function columnsOf(event: JsonObject, logDate: string) {
  const context = objectOf(event.context) ?? {};
  const time = eventTime(event.time, logDate);
  return {
    courseId: bytesOf(courseOf(event)),
    timeUs: time.us,
    timeState: time.state,
    isLate: time.isLate,
    userId: userIdOf(context.user_id),
    fields: [
      ...ROOT_FIELDS.map((name) => bytesOf(textOf(event[name]))),
      ...CONTEXT_FIELDS.map((name) => bytesOf(textOf(context[name]))),
    ],
  };
}

function userIdOf(value: unknown): string | null {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (typeof value === 'string' && /^\d+$/.test(value.trim())) return String(BigInt(value.trim()));
  return null;
}

/** Course by course; in a course by time, then by where the line stands. */
export function inOrder(a: OracleEvent, b: OracleEvent): number {
  const course = Buffer.compare(a.courseId, b.courseId);
  if (course !== 0) return course;
  if (a.timeUs !== b.timeUs) return a.timeUs < b.timeUs ? -1 : 1;
  return byIdentity(a, b);
}

/** The order of the ledger: by where the line stands. */
export function byIdentity(a: OracleLine, b: OracleLine): number {
  for (const part of ['site', 'organization', 'server', 'logDate'] as const) {
    if (a[part] !== b[part]) return Buffer.compare(Buffer.from(a[part]), Buffer.from(b[part]));
  }
  return a.line - b.line;
}
