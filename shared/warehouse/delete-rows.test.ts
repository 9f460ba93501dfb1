import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deleteRows } from '#shared/warehouse/delete-rows';
import { type EmbeddedWarehouse, openEmbeddedWarehouse } from '#shared/warehouse/embedded';

let place: string;
let warehouse: EmbeddedWarehouse;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'edxstream-delete-'));
  warehouse = await openEmbeddedWarehouse(place, { command: 'load' });
  await warehouse.statement(
    'CREATE TABLE t ENGINE = MergeTree ORDER BY n AS SELECT number AS n FROM numbers(10)',
  );
});
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]();
  await rm(place, { recursive: true, force: true });
});

async function pending(): Promise<number> {
  const [found] = await warehouse.query<{ deletions: number }>(
    'SELECT toUInt32(count()) AS deletions FROM system.mutations WHERE NOT is_done',
  );
  return Number(found?.deletions);
}

async function numbers(): Promise<readonly number[]> {
  const rows = await warehouse.query<{ n: number }>('SELECT toUInt32(n) AS n FROM t ORDER BY n');
  return rows.map(({ n }) => n);
}

test('rows are gone when a deletion has ended, and a plain SELECT shows the others', async () => {
  expect(await deleteRows(warehouse, { table: 't', where: 'n IN (0, 9)' })).toBe(true);
  expect(await numbers()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(await deleteRows(warehouse, { table: 't', where: 'n IN (0, 9)' })).toBe(false);
});

test('a deletion waits for the one before, which may withdraw what is pending', async () => {
  await warehouse.statement('SYSTEM STOP MERGES t');
  const both = ['n = 1', 'n = 2'].map((where) => deleteRows(warehouse, { table: 't', where }));
  await expect.poll(pending).toBe(1);
  // Long enough for the second to be there too, if it did not wait.
  await new Promise((resume) => setTimeout(resume, 300));
  expect(await pending()).toBe(1);
  await warehouse.statement('SYSTEM START MERGES t');
  expect(await Promise.all(both)).toEqual([true, true]);
  expect(await numbers()).toEqual([3, 4, 5, 6, 7, 8]);
});
