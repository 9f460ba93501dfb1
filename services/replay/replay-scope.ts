/** Which events are replayed, and that as conditions of SQL on the table `events`. */
import type { QueryParameters, Warehouse } from '#shared/warehouse/warehouse';
import type { EventPlace, StartPoint } from './replayed-event.js';

export interface ReplayScope {
  /** Only of these sites; empty: of all. */
  readonly sites: readonly string[];
  /** Microseconds since 1970; this time included. */
  readonly fromUs: number | undefined;
  /** Microseconds since 1970; up to this time, not including it. */
  readonly toUs: number | undefined;
  /** A condition on the columns of `events`, checked before (see check-condition.ts). */
  readonly where: string | undefined;
  /** Leave out events without a usable time, which else stand at the end of their log date. */
  readonly skipUntimed: boolean;
}

/** No event is later: times from 2255 on are implausible, and log dates end before. */
export const LATEST_US = Date.UTC(2255, 0, 1) * 1000;

export interface Condition {
  readonly sql: string;
  readonly parameters: QueryParameters;
}

/**
 * On a server a load may be under way. Rows of log files that are not all in, or that a later version has
 * replaced, are no events yet or any more; the embedded directory has none while a replay has it.
 */
const SETTLED = `file_id NOT IN
  (SELECT file_id FROM log_file_versions FINAL WHERE state IN ('loading', 'removing'))`;

/** Events of one course in this scope, in no matter what span of time. */
export function scopeCondition(
  courseId: string,
  scope: ReplayScope,
  warehouse: Warehouse['kind'],
): Condition {
  const { sites, where, skipUntimed } = scope;
  const parts = [
    'course_id = {course:String}',
    ...(warehouse === 'server' ? [SETTLED] : []),
    ...(sites.length > 0 ? ['has({sites:Array(String)}, toString(site))'] : []),
    ...(skipUntimed ? [`time_state = 'ok'`] : []),
    // The line feed ends a comment with which the condition may end.
    ...(where === undefined ? [] : [`(${where}\n)`]),
  ];
  return {
    sql: parts.join(' AND '),
    parameters: { course: courseId, ...(sites.length > 0 ? { sites } : {}) },
  };
}

/** From a time up to another, for the index; the names of the parameters are `from` and `to`. */
export const SPAN_CONDITION = `time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC')
  AND time < fromUnixTimestamp64Micro({to:Int64}, 'UTC')`;

/** Where an event stands, as columns and as parameters. */
export const PLACE =
  '(time, toString(site), toString(organization), toString(server), log_date, line)';
export const PLACE_PARAMETERS = `(fromUnixTimestamp64Micro({time:Int64}, 'UTC'), {site:String}, {organization:String},
  {server:String}, toDate({day:UInt16}), {line:UInt64})`;

/** Behind an event in the order of the table; goes together with a span that begins at its time. */
export const AFTER_CONDITION = `${PLACE} > ${PLACE_PARAMETERS}`;

export function afterParameters(place: EventPlace): QueryParameters {
  const { timeUs, site, organization, server, logDay, line } = place;
  return { time: timeUs, site, organization, server, day: logDay, line };
}

/** The scope's own beginning where the start point is before it. */
export function clampStart(start: StartPoint, { fromUs = 0 }: ReplayScope): StartPoint {
  const isBefore = (start.kind === 'after' ? start.place.timeUs : start.timeUs) < fromUs;
  return isBefore ? { kind: 'at-time', timeUs: fromUs } : start;
}
