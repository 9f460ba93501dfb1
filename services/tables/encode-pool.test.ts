import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DatabaseFileToLoad } from './database-file.js';
import { type EncodePool, openEncodePool } from './encode-pool.js';
import type { EncodedPart } from './encoded-part.js';
import { loadDatabaseFiles } from './load-database-files.js';
import { DatabaseBench, week } from './testing/database-package.js';

const ORIGIN = week('2018-05-06');
const USERS = 'UnivX-P1-2T2018-auth_user-prod-analytics.sql';
const ROWS = 200_000;

let bench: DatabaseBench;
let pool: EncodePool;
beforeAll(async () => {
  bench = await DatabaseBench.open();
  pool = openEncodePool({ keys: bench.keys, workers: 2, allowUnprotected: false });
});
afterAll(async () => {
  await pool?.[Symbol.asyncDispose]();
  await bench?.[Symbol.asyncDispose]();
});

async function packed(content: string | Buffer): Promise<DatabaseFileToLoad> {
  const [file] = await bench.pack(ORIGIN, { [USERS]: content });
  if (file === undefined) throw new Error('Nothing was packed.');
  return file;
}

async function collect(parts: AsyncIterable<EncodedPart>): Promise<readonly EncodedPart[]> {
  const all: EncodedPart[] = [];
  for await (const part of parts) all.push(part);
  return all;
}

/** Rows of some megabytes that do not compress to nothing. */
function manyUsers(): string {
  const rows = Array.from({ length: ROWS }, (_, id) => `${id}\tlearner${(id * 7919) % 104_729}\n`);
  return `id\tusername\n${rows.join('')}`;
}

test('rows, rejected rows and blank ones arrive as they stand in the file', async () => {
  const file = await packed(Buffer.from('id\tusername\n1\tann\n\n2\tb\xffb\textra\n', 'latin1'));
  const parts = await collect(pool.encode(file, 3));
  expect(parts.map(({ kind }) => kind)).toEqual(['begin', 'rows', 'rejected', 'end']);
  expect(parts[1]).toMatchObject({ rows: 1, bytes: new Uint8Array(Buffer.from('1\tann\t2\t3\n')) });
  const raw = new Uint8Array(Buffer.from('2\tb\xffb\textra', 'latin1'));
  expect(parts[2]).toMatchObject({ rows: [{ line: 4, reason: 'ragged', raw }] });
  expect(parts[3]).toMatchObject({ rows: 1, rejected: 1, blank: 1 });
});

test('of a damaged message nothing arrives but its fault', async () => {
  const file = await bench.damaged(await packed(manyUsers()), ORIGIN);
  const parts = await collect(pool.encode(file, 0));
  expect(parts).toMatchObject([{ kind: 'fault' }]);
});

test('who takes slowly holds the worker back to a few parts, and gets all of them', async () => {
  const file = await packed(manyUsers());
  let rows = 0;
  for await (const part of pool.encode(file, 0)) {
    if (part.kind === 'rows') rows += part.rows;
    await wait(20);
  }
  expect(rows).toBe(ROWS);
});

test('leaving early or aborting stops the work, and the pool takes the next file', async () => {
  const file = await packed(manyUsers());
  for await (const part of pool.encode(file, 0)) if (part.kind === 'rows') break;
  const stopping = new AbortController();
  const aborted = collect(
    (async function* () {
      for await (const part of pool.encode(file, 0, stopping.signal)) {
        stopping.abort(new Error('Ctrl-C'));
        yield part;
      }
    })(),
  );
  await expect(aborted).rejects.toThrow('Ctrl-C');
  const [begin] = await collect(pool.encode(await packed('id\tusername\n1\tann\n'), 0));
  expect(begin).toMatchObject({ kind: 'begin', table: 'auth_user' });
});

test('a load by the pool has the rows of a load without it', async () => {
  const files = await bench.pack(ORIGIN, { [USERS]: manyUsers() });
  const encode = (file: DatabaseFileToLoad, index: number) => pool.encode(file, index);
  const { warehouse, keys } = bench;
  const sums = async (): Promise<unknown> =>
    bench.rows('SELECT count() AS rows, sum(cityHash64(id, username, line)) AS sum FROM auth_user');
  expect(await loadDatabaseFiles(files, ORIGIN, { warehouse, keys, encode })).toMatchObject({
    rows: ROWS,
    failed: [],
  });
  const byPool = await sums();
  const again = await bench.pack(ORIGIN, { [USERS]: manyUsers() });
  await loadDatabaseFiles(again, ORIGIN, { warehouse, keys });
  expect(await sums()).toEqual(byPool);
});
