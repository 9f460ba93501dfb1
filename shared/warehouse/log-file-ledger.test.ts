import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { aLedgerEntry } from '#shared/testing/ledger-entries';
import { type EmbeddedWarehouse, openEmbeddedWarehouse } from '#shared/warehouse/embedded';
import {
  logFileKey,
  newFileId,
  readEntries,
  recoverLogFiles,
  removeEntries,
  writeEntries,
} from '#shared/warehouse/log-file-ledger';
import { migrate } from '#shared/warehouse/migrate';

let place: string;
let warehouse: EmbeddedWarehouse;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'edxstream-ledger-'));
  warehouse = await openEmbeddedWarehouse(join(place, 'data'), { command: 'a test' });
  await migrate(warehouse);
});
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]();
  await rm(place, { recursive: true, force: true });
});
beforeEach(async () => {
  for (const table of ['events', 'rejected_lines', 'log_file_versions']) {
    await warehouse.statement(`TRUNCATE TABLE ${table}`);
  }
});

/** Rows as a load leaves them: lines 1 to 3 are events, line 4 is rejected. */
async function putRows(fileId: number, logDate = '2013-10-20'): Promise<void> {
  await warehouse.statement(
    `INSERT INTO events (course_id, log_date, line, file_id)
     SELECT 'A/B/C', '${logDate}', number + 1, ${fileId} FROM numbers(3)`,
  );
  await warehouse.statement(
    `INSERT INTO rejected_lines (log_date, line, file_id) VALUES ('${logDate}', 4, ${fileId})`,
  );
}

async function linesOf(fileId: number): Promise<number[]> {
  const found = await warehouse.query<{ line: number }>(
    `SELECT line FROM (SELECT line, file_id FROM events UNION ALL SELECT line, file_id FROM rejected_lines)
     WHERE file_id = ${fileId} ORDER BY line`,
  );
  return found.map(({ line }) => Number(line));
}

test('an entry comes back as it was written, whatever its texts hold', async () => {
  const entry = aLedgerEntry({
    file_id: 2 ** 48 - 2,
    server: "it's {x:String}\\",
    path: 'caf\u00e9\t\n"quoted"',
    recognised: ['a', "b'c"],
    courses: ['A/B/C', 'course-v1:A+B+C'],
    plaintext_bytes: 2 ** 40,
    last_masked: true,
    provisional: true,
    detail: '\u{1f600}',
  });
  await writeEntries(warehouse, [entry]);
  const { changed_at: _, ...came } = (await readEntries(warehouse))[0] ?? aLedgerEntry();
  const { changed_at: __, ...wrote } = entry;
  expect(came).toEqual(wrote);
});

test('the highest revision holds, in whatever order revisions were written', async () => {
  const entry = aLedgerEntry({ file_id: 5 });
  await writeEntries(warehouse, [{ ...entry, revision: 2, lines: 22 }]);
  await writeEntries(warehouse, [{ ...entry, revision: 1, lines: 11 }]);
  expect((await readEntries(warehouse)).map(({ lines }) => lines)).toEqual([22]);
});

test('more entries than one statement takes are all written', async () => {
  const many = Array.from({ length: 2001 }, (_, at) => aLedgerEntry({ file_id: at + 1 }));
  await writeEntries(warehouse, many);
  expect((await readEntries(warehouse)).length).toBe(2001);
});

test('what was left loading or removing goes with its rows; what is loaded or failed stays', async () => {
  await writeEntries(warehouse, [
    aLedgerEntry({ file_id: 1, state: 'loading', server: 'a' }),
    aLedgerEntry({ file_id: 2, state: 'removing', server: 'b', log_date: '2013-11-02' }),
    aLedgerEntry({ file_id: 3, state: 'loaded', server: 'c' }),
    aLedgerEntry({ file_id: 4, state: 'failed', server: 'd' }),
  ]);
  for (const id of [1, 3]) await putRows(id);
  await putRows(2, '2013-11-02');
  expect(await recoverLogFiles(warehouse)).toBe(2);
  expect(await Promise.all([1, 2, 3].map(linesOf))).toEqual([[], [], [1, 2, 3, 4]]);
  expect((await readEntries(warehouse)).map(({ file_id }) => file_id).toSorted()).toEqual([3, 4]);
  expect(await recoverLogFiles(warehouse)).toBe(0);
});

test('a crash before the first row, and one in the middle of a removal, are put right as well', async () => {
  const loading = aLedgerEntry({ file_id: 1, state: 'loading' });
  const removing = aLedgerEntry({ file_id: 2, state: 'removing', server: 'b' });
  await writeEntries(warehouse, [loading, removing]);
  await putRows(2);
  await warehouse.statement('DELETE FROM events WHERE file_id = 2');
  expect(await recoverLogFiles(warehouse)).toBe(2);
  expect(await linesOf(2)).toEqual([]);
  expect(await readEntries(warehouse)).toEqual([]);
});

test('lines that a later entry brings are trimmed to the end, wherever the trimming stopped', async () => {
  for (const isHalfDone of [false, true]) {
    const fileId = isHalfDone ? 11 : 10;
    await writeEntries(warehouse, [
      aLedgerEntry({ file_id: fileId, revision: 3, lines: 2, trim_from_line: 3 }),
    ]);
    await putRows(fileId);
    if (isHalfDone)
      await warehouse.statement(`DELETE FROM events WHERE file_id = 11 AND line >= 3`);
    expect(await recoverLogFiles(warehouse)).toBe(1);
    expect(await linesOf(fileId)).toEqual([1, 2]);
    const entry = (await readEntries(warehouse)).find(({ file_id }) => file_id === fileId);
    expect(entry).toMatchObject({ trim_from_line: 0, revision: 4, state: 'loaded', lines: 2 });
    expect(await recoverLogFiles(warehouse)).toBe(0);
  }
});

test('an entry about to be removed is removed whole, also where a trimming of it was due', async () => {
  await writeEntries(warehouse, [
    aLedgerEntry({ file_id: 1, state: 'removing', trim_from_line: 3 }),
  ]);
  await putRows(1);
  expect(await recoverLogFiles(warehouse)).toBe(1);
  expect(await linesOf(1)).toEqual([]);
  expect(await readEntries(warehouse)).toEqual([]);
});

test('the same log file loaded anew is not touched by the removal of its earlier rows', async () => {
  const earlier = aLedgerEntry({ file_id: 1, state: 'removing' });
  await writeEntries(warehouse, [earlier, aLedgerEntry({ file_id: 2 })]);
  await putRows(1);
  await putRows(2);
  await removeEntries(warehouse, [earlier]);
  expect(await linesOf(1)).toEqual([]);
  expect(await linesOf(2)).toEqual([1, 2, 3, 4]);
  const [shown] = await warehouse.query<{ lines: number; state: string }>(
    'SELECT lines, state FROM log_files',
  );
  expect(shown).toEqual({ lines: 4, state: 'loaded' });
});

test('the view of log files adds up what is loaded, and shows nothing that is half-way', async () => {
  await writeEntries(warehouse, [
    aLedgerEntry({ file_id: 1, lines: 10 }),
    aLedgerEntry({ file_id: 2, from_line: 11, lines: 5, provisional: true }),
    aLedgerEntry({ file_id: 3, state: 'loading', lines: 99 }),
    aLedgerEntry({ file_id: 4, state: 'failed', server: 'b', lines: 0, reason: 'mdc' }),
  ]);
  const shown = await warehouse.query(
    'SELECT server, lines, state, provisional, reason FROM log_files ORDER BY server',
  );
  expect(shown).toEqual([
    { server: 'b', lines: 0, state: 'failed', provisional: false, reason: 'mdc' },
    { server: 'prod-edxapp-001', lines: 15, state: 'loaded', provisional: true, reason: '' },
  ]);
});

test('ids are whole numbers that a double holds, and keys do not run into one another', () => {
  const ids = Array.from({ length: 1000 }, newFileId);
  expect(new Set(ids).size).toBe(1000);
  expect(ids.every((id) => Number.isSafeInteger(id) && id > 0)).toBe(true);
  const file = { organization: 'UnivA', site: 'prod', server: 'x', logDate: '2013-10-20' };
  expect(logFileKey({ ...file, organization: 'univa' })).toBe(logFileKey(file));
  expect(logFileKey({ ...file, site: 'prodx', server: '' })).not.toBe(logFileKey(file));
  expect(logFileKey({ ...file, site: 'Prod' })).not.toBe(logFileKey(file));
});
