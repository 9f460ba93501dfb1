/**
 * The ledger of sinks: what each session of a sink has loaded of a log file that came through one partition.
 *
 *   loading ──all rows in──► loaded ──chosen by the planner──► kept
 *      └───────────────────────┴──── anything else: its rows are deleted, by whoever sees it first
 *
 * Two sessions may load the same part, one of them not knowing that it has lost the partition. Their rows
 * carry different numbers (`sink`), both say `loaded`, and the planner keeps one. So no sink needs to be
 * stopped from inserting: what it inserts in vain is recognised, and deleted.
 */
import { deleteRows } from '#shared/warehouse/delete-rows';
import { ONE_BLOCK } from '#shared/warehouse/log-file-ledger';
import type { Warehouse } from '#shared/warehouse/warehouse';

export interface LogFilePart {
  readonly run: number;
  readonly file_id: number;
  readonly partition: number;
  readonly sink: number;
  readonly revision: number;
  readonly state: 'loading' | 'loaded' | 'broken' | 'kept' | 'ended';
  /** YYYY-MM-DD. */
  readonly log_date: string;
  readonly events: number;
  readonly rejected: number;
  readonly early_releases: number;
  readonly detail: string;
}

const STRUCTURE = `run UInt64, file_id UInt64, partition UInt32, sink UInt32, revision UInt64, state String,
  log_date Date, events UInt64, rejected UInt64, early_releases UInt64, detail String`;
const COLUMNS = STRUCTURE.split(',').map((column) => column.trim().split(' ')[0] ?? '');
const NUMBERS = COLUMNS.filter((name) => !['state', 'log_date', 'detail'].includes(name));
const ROWS_PER_INSERT = 5000;
/** For so long it is remembered which rows were inserted in vain: a stopped sink may wake up late. */
const REMEMBERED_DAYS = 7;

export async function writeParts(
  warehouse: Warehouse,
  parts: readonly LogFilePart[],
): Promise<void> {
  for (let from = 0; from < parts.length; from += ROWS_PER_INSERT) {
    const rows = parts
      .slice(from, from + ROWS_PER_INSERT)
      .map((part) => `${JSON.stringify(part)}\n`)
      .join('');
    // A body, not a parameter: a server takes no parameter of more than 128 KiB.
    await warehouse.bulkInsert({
      table: 'log_file_parts',
      columns: COLUMNS,
      structure: STRUCTURE,
      format: 'JSONEachRow',
      body: (async function* () {
        yield Buffer.from(rows);
      })(),
      settings: ONE_BLOCK,
    });
  }
}

/** The parts of a run as they hold now, the earliest first. */
export async function readParts(
  warehouse: Warehouse,
  { run, states }: { readonly run: number; readonly states: readonly LogFilePart['state'][] },
): Promise<readonly LogFilePart[]> {
  const rows = await warehouse.query<Record<string, unknown>>(
    `SELECT ${COLUMNS.join(', ')} FROM log_file_parts FINAL
     WHERE run = ${run} AND state IN ({states:Array(String)}) ORDER BY changed_at, sink`,
    { states: [...states] },
  );
  return rows.map((row) => {
    const numbers = Object.fromEntries(NUMBERS.map((name) => [name, Number(row[name])]));
    // The columns asked for are the members of the interface.
    return { ...row, ...numbers } as unknown as LogFilePart;
  });
}

/** The highest number a run has had; 0 where there was none. */
export async function lastRun(warehouse: Warehouse): Promise<number> {
  const [found] = await warehouse.query<{ run: string }>(
    'SELECT toString(max(run)) AS run FROM log_file_parts',
  );
  return Number(found?.run ?? 0);
}

/** Of these log files, those that are being loaded: nothing is decided about their parts yet. */
export async function stillLoading(
  warehouse: Warehouse,
  fileIds: readonly number[],
): Promise<ReadonlySet<number>> {
  if (fileIds.length === 0) return new Set();
  const rows = await warehouse.query<{ file_id: string }>(
    `SELECT toString(file_id) AS file_id FROM log_file_versions FINAL
     WHERE state = 'loading' AND file_id IN (${fileIds.join(', ')})`,
  );
  return new Set(rows.map(({ file_id }) => Number(file_id)));
}

interface InVain {
  readonly file_id: string;
  readonly sink: number;
  readonly month: string;
}

/**
 * Deletes the rows of all parts that do not count and never will: those of log files that are not being
 * loaded any more, less what was kept. Any process may do so at any time. Says how many parts had rows.
 */
export async function sweepParts(warehouse: Warehouse): Promise<number> {
  const found = await warehouse.query<InVain>(
    `SELECT toString(file_id) AS file_id, sink, toString(toYYYYMM(log_date)) AS month
     FROM log_file_parts FINAL
     WHERE state IN ('loading', 'loaded', 'broken') AND file_id NOT IN
       (SELECT file_id FROM log_file_versions FINAL WHERE state = 'loading')`,
  );
  return deletePartRows(warehouse, found);
}

/** Deletes the rows of the sessions that were not kept, of log files that are settled. */
export async function removeUnkept(
  warehouse: Warehouse,
  { run, fileIds }: { readonly run: number; readonly fileIds: readonly number[] },
): Promise<number> {
  if (fileIds.length === 0) return 0;
  const found = await warehouse.query<InVain>(
    `SELECT toString(file_id) AS file_id, sink, toString(toYYYYMM(log_date)) AS month
     FROM log_file_parts FINAL
     WHERE run = ${run} AND file_id IN (${fileIds.join(', ')}) AND state NOT IN ('kept', 'ended')`,
  );
  return deletePartRows(warehouse, found);
}

async function deletePartRows(warehouse: Warehouse, parts: readonly InVain[]): Promise<number> {
  let withRows = 0;
  for (const month of new Set(parts.map((part) => part.month))) {
    const pairs = parts.filter((part) => part.month === month);
    const list = pairs.map(({ file_id, sink }) => `(${file_id}, ${sink})`).join(', ');
    const where = `(file_id, sink) IN (${list})`;
    for (const table of ['events', 'rejected_lines']) {
      if (await deleteRows(warehouse, { table, month, where })) withRows += 1;
    }
  }
  return withRows;
}

/** Forgets what is too old to matter. */
export async function forgetParts(warehouse: Warehouse): Promise<void> {
  const old = `changed_at < now() - INTERVAL ${REMEMBERED_DAYS} DAY AND run < (SELECT max(run) FROM log_file_parts)`;
  await deleteRows(warehouse, { table: 'log_file_parts', where: old });
}
