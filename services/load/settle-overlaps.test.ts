/** A settlement of overlaps that is broken off at any of its statements is finished by the next one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aLedgerEntry } from '#shared/testing/ledger-entries';
import { openEmbeddedWarehouse } from '#shared/warehouse/embedded';
import { readEntries, writeEntries } from '#shared/warehouse/log-file-ledger';
import { migrate } from '#shared/warehouse/migrate';
import type { Warehouse } from '#shared/warehouse/warehouse';
import { settleOverlaps } from './settle-overlaps.js';

let directory = '';
let warehouse: Warehouse;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'edxstream-test-'));
  warehouse = await openEmbeddedWarehouse(path.join(directory, 'data'), { command: 'test' });
  await migrate(warehouse);
});

afterAll(async () => {
  await warehouse[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const DAY = '2014-09-02';
const TAR = { file_id: 1, server: 'prod-edxapp-001', log_date: DAY, site: 'prod' };
const DAILY = { ...TAR, file_id: 2, server: '', organization: 'universitya' };
const TABLES = ['events', 'rejected_lines', 'superseded_events', 'superseded_rejected_lines'];

async function fill(): Promise<void> {
  for (const table of [...TABLES, 'log_file_versions', 'overlap_decisions']) {
    await warehouse.statement(`TRUNCATE TABLE ${table}`);
  }
  const [tar, daily] = [aLedgerEntry({ ...TAR, lines: 3 }), aLedgerEntry({ ...DAILY, lines: 5 })];
  await writeEntries(warehouse, [tar, daily]);
  await insert('events', TAR, ['a', 'b']);
  await insert('rejected_lines', TAR, ['x']);
  // Three of these were aside, decided against another tar; `c` has to come back.
  await insert('events', DAILY, ['a', 'a']);
  await insert('superseded_events', DAILY, ['b', 'c'], 3);
  await insert('rejected_lines', DAILY, ['x'], 5);
}

async function insert(
  table: string,
  file: typeof TAR & { readonly organization?: string },
  raws: readonly string[],
  from = 1,
): Promise<void> {
  const { file_id, server, log_date, site, organization = 'UniversityA' } = file;
  const rows = raws.map(
    (raw, index) =>
      `('${organization}', '${site}', '${server}', '${log_date}', ${from + index}, '${raw}', ${file_id})`,
  );
  await warehouse.statement(
    `INSERT INTO ${table} (organization, site, server, log_date, line, raw, file_id) VALUES ${rows.join(', ')}`,
  );
}

async function state(): Promise<object> {
  const rows = TABLES.map(
    (table) => `SELECT '${table}' AS place, line, raw FROM ${table} WHERE file_id = 2`,
  );
  const found = await warehouse.query<{ place: string; line: number; raw: string }>(
    `SELECT * FROM (${rows.join(' UNION ALL ')}) ORDER BY place, line`,
  );
  const [entry] = (await readEntries(warehouse)).filter(({ file_id }) => file_id === 2);
  return {
    lines: found.map(({ place, line, raw }) => `${place} ${line} ${raw}`),
    events: entry?.events,
    rejected: entry?.rejected,
    superseded: entry?.superseded,
  };
}

/** The warehouse, but for a statement that fails: the one after so many others. */
function breakingAfter(statements: number): Warehouse {
  let count = 0;
  return {
    kind: 'embedded',
    query: (sql, parameters) => warehouse.query(sql, parameters),
    fetchBytes: (...asked) => warehouse.fetchBytes(...asked),
    bulkInsert: (insertion) => warehouse.bulkInsert(insertion),
    async statement(sql, parameters) {
      if (count === statements) throw new Error('broken off');
      count += 1;
      await warehouse.statement(sql, parameters);
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

test('broken off after any of its statements, the next start comes to the same', async () => {
  const expected = {
    lines: [
      'events 2 a',
      'events 4 c',
      'superseded_events 1 a',
      'superseded_events 3 b',
      'superseded_rejected_lines 5 x',
    ],
    ...{ events: 2, rejected: 0, superseded: 3 },
  };
  let statements = 0;
  for (let isBroken = true; isBroken; statements += 1) {
    await fill();
    isBroken = await settleOverlaps(breakingAfter(statements)).then(
      () => false,
      () => true,
    );
    await settleOverlaps(warehouse);
    expect({ statements, ...(await state()) }).toEqual({ statements, ...expected });
  }
  expect(statements).toBeGreaterThan(8);
});

test('what was decided is not decided again while nothing around it changes', async () => {
  await fill();
  await settleOverlaps(warehouse);
  expect(await settleOverlaps(breakingAfter(0))).toBe(0);
});
