/**
 * Which partitions a sink leaves alone for now, so that it reads all of them in step: what it holds is then of few
 * dates, and goes into few and large inserts.
 *
 *   partition 0   D1 D2 ▌             read to the end of D2          left alone
 *   partition 1   D1 ▌ (more waits)   read to the end of D1          read
 *
 * None is left alone for one in which nothing is known to wait. That would be waiting for an ingest, which may
 * itself wait for other log files: here it is only the order in which what is there is read.
 */

/** @param dates by partition: the latest date that is complete in it. @param waiting those with records to read. */
export function partitionsAhead(
  dates: ReadonlyMap<number, number>,
  waiting: ReadonlySet<number>,
): number[] {
  let slowest = Number.POSITIVE_INFINITY;
  for (const [partition, date] of dates) {
    if (waiting.has(partition)) slowest = Math.min(slowest, date);
  }
  return [...dates].filter(([, date]) => date > slowest).map(([partition]) => partition);
}
