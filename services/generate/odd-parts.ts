/** An event line put together from parts, any of which an odd shape may replace. */
import { isoTime } from './calendar.js';
import type { OddLine } from './odd-lines.js';
import { implicitParameters, type Session } from './session.js';
import type { LineOutcome } from './tally.js';

export interface Parts {
  /** JSON text; `undefined` leaves the member out. */
  readonly time: string | undefined;
  readonly username: string;
  readonly eventType: string;
  readonly source: string;
  readonly event: string | undefined;
  readonly context: string | undefined;
  readonly page: string;
  readonly referer: string | undefined;
}

/** The parts of a request for the progress page. */
export function ordinaryParts(session: Session, nowUs: number): Parts {
  const path = `${session.course.path}/progress`;
  return {
    time: `"${isoTime(nowUs)}"`,
    username: `"${session.username}"`,
    eventType: `"${path}"`,
    source: '"server"',
    event: `"${implicitParameters('{}')}"`,
    context: `{${session.identity}, "path": "${path}"}`,
    page: 'null',
    referer: undefined,
  };
}

export function lineOf(session: Session, parts: Parts): string {
  const optional = (name: string, value: string | undefined) =>
    value === undefined ? '' : `, "${name}": ${value}`;
  return `{"username": ${parts.username}, ${session.origin}, "event_source": ${parts.source}, "event_type": ${parts.eventType}${optional('time', parts.time)}${optional('event', parts.event)}${optional('referer', parts.referer)}${optional('context', parts.context)}, "page": ${parts.page}}`;
}

export function ordinaryLine(session: Session, nowUs: number): string {
  return lineOf(session, ordinaryParts(session, nowUs));
}

type Claims = Partial<Omit<Extract<LineOutcome, { kind: 'event' }>, 'kind'>>;

/** A line that counts as an event of the session's course and learner, but for what `claims` say. */
export function anEvent(
  session: Session,
  nowUs: number,
  line: string,
  claims: Claims = {},
): readonly OddLine[] {
  const outcome: LineOutcome = {
    kind: 'event',
    courseId: session.course.id,
    username: session.username,
    time: { state: 'ok', us: nowUs },
    hasSecret: false,
    ...claims,
  };
  return [{ line, outcome }];
}

/** The ordinary event with some parts replaced. */
export function withParts(
  session: Session,
  nowUs: number,
  replaced: Partial<Parts>,
  claims: Claims = {},
): readonly OddLine[] {
  const line = lineOf(session, { ...ordinaryParts(session, nowUs), ...replaced });
  return anEvent(session, nowUs, line, claims);
}
