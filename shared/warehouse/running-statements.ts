/**
 * Ends statements that still run on a server although the process that asked for them is gone, or has
 * given up: a connection that broke does not end an insert whose bytes had all arrived. Rows may only be
 * removed after that, else the insert would bring them again.
 *
 * Each process marks its statements in the setting `log_comment`, which the server shows beside what runs:
 *
 *   edxstream/3f9c0d…/17/     process, statement
 *
 * A user may always end statements of its own.
 */
import { EdxstreamError } from '#shared/errors';
import { pause } from '#shared/warehouse/patience';
import type { Warehouse } from '#shared/warehouse/warehouse';

const MARKED =
  "arrayExists(mark -> startsWith(Settings['log_comment'], mark), {marks:Array(String)})";
const LOOK_AGAIN_MS = 100;
/** A server that notices by itself that a connection broke is left to it. */
const ENDS_BY_ITSELF_MS = 1000;
/** An insert that was told to end does so after the block it is at. */
const ENDED_WITHIN_MS = 120_000;

/** The beginning of the marks of all statements of a process. */
export function processMark(instance: string): string {
  return `edxstream/${instance}/`;
}

/**
 * Resolves when no statement runs any more whose mark begins with one of these.
 * @throws EdxstreamError WAREHOUSE_FAILED where one does not end.
 */
export async function endStatements(
  warehouse: Pick<Warehouse, 'query' | 'statement'>,
  marks: readonly string[],
): Promise<void> {
  if (marks.length === 0) return;
  const sinceMs = performance.now();
  for (;;) {
    const running = await warehouse.query<{ id: string }>(
      `SELECT query_id AS id FROM system.processes
       WHERE ${MARKED}`,
      { marks },
    );
    if (running.length === 0) return;
    const afterMs = performance.now() - sinceMs;
    if (afterMs > ENDED_WITHIN_MS) {
      throw new EdxstreamError(
        'WAREHOUSE_FAILED',
        `${running.length} statements of an earlier process do not end: ${running.map(({ id }) => id).join(', ')}. See system.processes.`,
      );
    }
    if (afterMs > ENDS_BY_ITSELF_MS) {
      await warehouse.statement(`KILL QUERY WHERE ${MARKED} ASYNC`, { marks });
    }
    await pause(LOOK_AGAIN_MS);
  }
}
