/** What `--follow` asks beside the events themselves: how many are before a position, and whether a load runs. */
import type { Warehouse } from '#shared/warehouse/warehouse';
import {
  afterParameters,
  clampStart,
  PLACE,
  PLACE_PARAMETERS,
  type ReplayScope,
  SPAN_CONDITION,
  scopeCondition,
} from './replay-scope.js';
import type { StartPoint } from './replayed-event.js';

/** Events of these courses before the start point; at the place of an event, that one as well. */
export async function countBefore(
  warehouse: Warehouse,
  courses: readonly string[],
  scope: ReplayScope,
  start: StartPoint,
): Promise<number> {
  const end = clampStart(start, scope);
  let events = 0;
  for (const course of courses) {
    const { sql, parameters } = scopeCondition(course, scope, warehouse.kind);
    const toUs = end.kind === 'after' ? end.place.timeUs + 1 : end.timeUs;
    const placed = end.kind === 'after' ? ` AND ${PLACE} <= ${PLACE_PARAMETERS}` : '';
    const [row] = await warehouse.query<{ events: number | string }>(
      `SELECT count() AS events FROM events WHERE ${sql} AND ${SPAN_CONDITION}${placed}`,
      {
        ...parameters,
        ...{ from: scope.fromUs ?? 0, to: toUs },
        ...(end.kind === 'after' ? afterParameters(end.place) : {}),
      },
    );
    events += Number(row?.events);
  }
  return events;
}

/** Whether a load is under way on a server; the embedded directory belongs to one command at a time. */
export async function isLoading(warehouse: Warehouse): Promise<boolean> {
  if (warehouse.kind === 'embedded') return false;
  const rows = await warehouse.query(
    `SELECT 1 FROM log_file_versions FINAL WHERE state IN ('loading', 'removing') LIMIT 1`,
  );
  return rows.length > 0;
}
