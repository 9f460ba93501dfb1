/**
 * Inserts one merged run: its events in large blocks of a single month, because an insert becomes one part
 * in each partition it touches, and its rejected lines.
 */
import type { MergedRows, MergedRun } from '#shared/eventlog/merged-run';
import type { Warehouse } from '#shared/warehouse/warehouse';
import { EVENT_COLUMNS, type EventEncoder, SINK_COLUMN } from './encode-events.js';
import { encodeRejected, REJECTED_COLUMNS } from './encode-rejected.js';
import type { LoadingFile } from './loading-file.js';

/**
 * One insert, one part: the run is already as large as a part should be, so the engine is told not to cut it
 * (its own bound would be 256 MiB or a million rows), and to take the order as it comes.
 */
const SETTINGS = {
  min_insert_block_size_rows: 0,
  min_insert_block_size_bytes: 1 << 29,
  max_insert_threads: 1,
  max_threads: 2,
};

export async function insertRun(
  warehouse: Warehouse,
  run: MergedRun,
  fileOf: (file: number) => LoadingFile,
  encoder: EventEncoder,
): Promise<void> {
  for (const rows of byMonth(run, fileOf)) {
    await warehouse.bulkInsert({
      table: 'events',
      ...columnsOf(EVENT_COLUMNS, run, fileOf),
      format: 'Native',
      body: encoder.encode(run.batches, rows, fileOf),
      settings: SETTINGS,
    });
  }
  const rejected = run.arrived.filter((batch) => batch.rejected.length > 0);
  if (rejected.length > 0) {
    await warehouse.bulkInsert({
      table: 'rejected_lines',
      ...columnsOf(REJECTED_COLUMNS, run, fileOf),
      format: 'Native',
      body: encodeRejected(rejected, fileOf),
    });
  }
}

/** Names and types as the insert wants them; the runs of a sink have one column more. */
function columnsOf(
  columns: readonly (readonly [name: string, type: string])[],
  { batches, arrived }: MergedRun,
  fileOf: (file: number) => LoadingFile,
): { readonly columns: readonly string[]; readonly structure: string } {
  const first = batches[0] ?? arrived[0];
  const isOfSink = first !== undefined && fileOf(first.file).sink !== undefined;
  const written = isOfSink ? [...columns, SINK_COLUMN] : columns;
  return {
    columns: written.map(([name]) => name),
    structure: written.map((column) => column.join(' ')).join(', '),
  };
}

/** The rows of each month; nearly always all of them are of one. */
function* byMonth(run: MergedRun, fileOf: (file: number) => LoadingFile): Iterable<MergedRows> {
  if (run.rows === 0) return;
  const monthOfBatch = run.batches.map(({ file }) => fileOf(file).logDate.slice(0, 7));
  const months = [...new Set(monthOfBatch)].sort();
  if (months.length === 1) {
    yield run;
    return;
  }
  for (const month of months) {
    const batchOf = new Uint32Array(run.rows);
    const rowOf = new Uint32Array(run.rows);
    const courses: { course: string; to: number }[] = [];
    let rows = 0;
    let at = 0;
    for (const { course, to } of run.courses) {
      for (; at < to; at += 1) {
        const batch = run.batchOf[at] as number; // at < rows, here and below
        if (monthOfBatch[batch] !== month) continue;
        batchOf[rows] = batch;
        rowOf[rows] = run.rowOf[at] as number;
        rows += 1;
      }
      courses.push({ course, to: rows });
    }
    if (rows > 0) yield { batchOf, rowOf, rows, courses };
  }
}
