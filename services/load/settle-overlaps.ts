/**
 * In autumn 2014 edX delivered the same lines twice, in cumulative tars and in daily log files, whose dates
 * mean different things (rotation of a server's log, receipt of the event). So it is decided by line:
 *
 *   tar, days d-1 to d+1      a b b c        of equal lines, each in the tars takes out one of the daily
 *   daily, day d              a a b d        files, the first one first
 *   left in events            a a b b c d    (one a and the b of the daily file are superseded)
 *
 * Superseded rows are not lost but moved beside `events`, from where they come back when the tar that had
 * them is replaced. What is decided depends on nothing but what is loaded, so the order of loading is of no
 * matter; the ledger remembers against which log files it was, and whoever finds others decides again.
 * Each step can be done twice, so after a crash the next start just does it again.
 */
import { deleteRows } from '#shared/warehouse/delete-rows';
import { type LedgerEntry, readEntries, writeEntries } from '#shared/warehouse/log-file-ledger';
import type { Integer64, Warehouse } from '#shared/warehouse/warehouse';

/** A daily log file whose surroundings are other than when it was decided about last. */
interface OpenDay {
  readonly organization: string;
  readonly site: string;
  /** YYYY-MM-DD */
  readonly day: string;
  /** Stands for what lies around it now; empty where no tar does. */
  readonly overlaps: string;
}

/** Tables that lines are in, where they go, and what makes two of their rows the same line. */
const TABLES = [
  { table: 'events', aside: 'superseded_events', line: 'sipHash128(raw)' },
  {
    table: 'rejected_lines',
    aside: 'superseded_rejected_lines',
    // Of a line that is too long only the beginning is there, and its digest in the detail.
    line: "sipHash128(raw, if(reason = 'line-too-long', detail, ''))",
  },
] as const;

/**
 * Log files of a tar from the day before to the day after are compared. Daily files of the two days before
 * may have taken lines of the same tars, and have the first claim.
 */
const OPEN_DAYS = `
  WITH held AS (
    SELECT lower(organization) AS owner, site AS of_site, server, log_date, file_id, lines, overlaps
    FROM log_file_versions FINAL WHERE state = 'loaded')
  SELECT owner AS organization, of_site AS site, toString(day) AS day,
    if(countIf(around.server != '') = 0, '', hex(sum(cityHash64(around.file_id, around.lines)))) AS overlaps
  FROM (
    SELECT owner, of_site, log_date AS day, any(overlaps) AS decided, uniqExact(overlaps) AS decisions,
      arrayJoin([-2, -1, 0, 1]) AS distance, toDate(log_date + distance) AS near
    FROM held WHERE server = '' GROUP BY owner, of_site, log_date) AS daily
  INNER JOIN held AS around
    ON around.owner = daily.owner AND around.of_site = daily.of_site AND around.log_date = daily.near
  WHERE if(around.server = '', distance <= 0, distance >= -1)
  GROUP BY owner, of_site, day
  HAVING any(decided) != overlaps OR any(decisions) > 1
  ORDER BY day`;

/** Whether any daily log file is open: a load was ended before it came to this, or runs just now. */
export async function isOverlapOpen(warehouse: Warehouse): Promise<boolean> {
  return (await warehouse.query<OpenDay>(`${OPEN_DAYS} LIMIT 1`)).length > 0;
}

/** Decides about every daily log file that is open; returns how many more lines are superseded now. */
export async function settleOverlaps(warehouse: Warehouse, signal?: AbortSignal): Promise<number> {
  const open = await warehouse.query<OpenDay>(OPEN_DAYS);
  if (open.length === 0) return 0;
  const entries = await readEntries(warehouse);
  let superseded = 0;
  for (const day of open) {
    signal?.throwIfAborted();
    const files = entries.filter(
      ({ state, organization, site, server, log_date }) =>
        state === 'loaded' &&
        server === '' &&
        organization.toLowerCase() === day.organization &&
        site === day.site &&
        log_date === day.day,
    );
    superseded += await settleDay(warehouse, day, files);
  }
  await warehouse.statement('TRUNCATE TABLE overlap_decisions');
  return superseded;
}

async function settleDay(
  warehouse: Warehouse,
  day: OpenDay,
  files: readonly LedgerEntry[],
): Promise<number> {
  const ids = files.map(({ file_id }) => file_id).join(', ');
  const month = day.day.slice(0, 7).replace('-', '');
  for (const tables of TABLES) {
    await decide(warehouse, day, { ...tables, ids });
    await move(warehouse, { ...tables, ids, month });
  }
  const settled: LedgerEntry[] = [];
  for (const entry of files) settled.push(await recounted(warehouse, entry, day.overlaps));
  await writeEntries(warehouse, settled);
  const sum = (all: readonly LedgerEntry[]) =>
    all.reduce((total, one) => total + one.superseded, 0);
  return sum(settled) - sum(files);
}

type Tables = (typeof TABLES)[number];

/** Writes the lines of the day that the tars around it have too. */
async function decide(
  warehouse: Warehouse,
  { organization, site, day }: OpenDay,
  { table, aside, line, ids }: Tables & { readonly ids: string },
): Promise<void> {
  await warehouse.statement('TRUNCATE TABLE overlap_decisions');
  const owned = `lower(organization) = {organization:String} AND site = {site:String}`;
  const days = (from: number, to: number) =>
    `log_date BETWEEN toDate({day:String}) + ${from} AND toDate({day:String}) + ${to}`;
  // A crash may have left a row in both tables, so rows of daily files are told apart.
  const daily = (where: string) => `
    SELECT DISTINCT file_id, line, ${line} AS same FROM ${table} WHERE ${where}
    UNION DISTINCT SELECT DISTINCT file_id, line, ${line} AS same FROM ${aside} WHERE ${where}`;
  await warehouse.statement(
    `INSERT INTO overlap_decisions
     WITH own AS (${daily(`file_id IN (${ids}) AND ${days(0, 0)}`)})
     SELECT file_id, line FROM (
       SELECT file_id, line, same, row_number() OVER (PARTITION BY same ORDER BY line, file_id) AS nth FROM own
     ) AS mine
     INNER JOIN (
       SELECT same, sum(claim) AS room FROM (
         SELECT ${line} AS same, toInt64(1) AS claim FROM ${table}
         WHERE ${owned} AND server != '' AND ${days(-1, 1)}
         UNION ALL
         SELECT same, toInt64(-1) AS claim FROM (${daily(`${owned} AND server = '' AND ${days(-2, -1)}`)})
       ) WHERE same IN (SELECT same FROM own) GROUP BY same HAVING room > 0
     ) AS tars ON mine.same = tars.same
     WHERE nth <= room`,
    { organization, site, day },
  );
}

/** Moves rows so that those decided are aside and the others are not; it may have been done in part. */
async function move(
  warehouse: Warehouse,
  { table, aside, ids, month }: Tables & { readonly ids: string; readonly month: string },
): Promise<void> {
  const decided = '(SELECT line FROM overlap_decisions)';
  const own = `file_id IN (${ids})`;
  await copy(warehouse, {
    ...{ source: table, target: aside },
    where: `${own} AND line IN ${decided} AND line NOT IN (SELECT line FROM ${aside} WHERE ${own})`,
  });
  await deleteRows(warehouse, { table, month, where: `${own} AND line IN ${decided}` });
  await copy(warehouse, {
    ...{ source: aside, target: table },
    where: `${own} AND line NOT IN ${decided} AND line NOT IN (SELECT line FROM ${table} WHERE ${own})`,
  });
  await deleteRows(warehouse, {
    table: aside,
    month,
    where: `${own} AND line NOT IN ${decided}`,
  });
}

async function copy(
  warehouse: Warehouse,
  rows: { readonly source: string; readonly target: string; readonly where: string },
): Promise<void> {
  const { source, target, where } = rows;
  await warehouse.statement(`INSERT INTO ${target} SELECT * FROM ${source} WHERE ${where}`);
}

/** The entry with what its rows are now. */
async function recounted(
  warehouse: Warehouse,
  entry: LedgerEntry,
  overlaps: string,
): Promise<LedgerEntry> {
  const own = `file_id = ${entry.file_id}`;
  const [counts] = await warehouse.query<
    Record<'events' | 'late' | 'rejected' | 'aside', Integer64>
  >(
    `SELECT (SELECT count() FROM events WHERE ${own}) AS events,
       (SELECT countIf(late) FROM events WHERE ${own}) AS late,
       (SELECT count() FROM rejected_lines WHERE ${own}) AS rejected,
       (SELECT count() FROM superseded_events WHERE ${own})
         + (SELECT count() FROM superseded_rejected_lines WHERE ${own}) AS aside`,
  );
  return {
    ...entry,
    revision: entry.revision + 1,
    events: Number(counts?.events),
    late: Number(counts?.late),
    rejected: Number(counts?.rejected),
    superseded: Number(counts?.aside),
    overlaps,
  };
}
