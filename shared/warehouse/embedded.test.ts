import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EdxstreamError } from '#shared/errors';
import { directoryOwner, lockPath } from '#shared/warehouse/directory-lock';
import { type EmbeddedWarehouse, openEmbeddedWarehouse } from '#shared/warehouse/embedded';
import { migrate, schemaFiles } from '#shared/warehouse/migrate';

let place: string;
let data: string;
let warehouse: EmbeddedWarehouse;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'edxstream-embedded-'));
  data = join(place, 'deep', 'data');
  warehouse = await openEmbeddedWarehouse(data, { command: 'load a.tar' });
  await warehouse.statement('CREATE TABLE t (n UInt64, s String) ENGINE = MergeTree ORDER BY n');
});
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]();
  await rm(place, { recursive: true, force: true });
});

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof EdxstreamError ? error.code : String(error);
  }
  return 'no fault';
}

async function* rows(...chunks: readonly string[]): AsyncIterable<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

function insert(body: AsyncIterable<Uint8Array>, table = 't'): Promise<void> {
  return warehouse.bulkInsert({
    table,
    columns: ['n', 's'],
    structure: 'n UInt64, s String',
    format: 'TabSeparated',
    body,
  });
}

async function count(condition: string): Promise<number> {
  const [found] = await warehouse.query<{ rows: number }>(
    `SELECT count() AS rows FROM t WHERE ${condition}`,
  );
  return Number(found?.rows);
}

test('the directory is made with its parents, for this user alone', async () => {
  expect((await stat(data)).mode & 0o777).toBe(0o700);
  expect(directoryOwner(data)?.command).toBe('load a.tar');
});

test('bytes come as they are stored, also those that are no UTF-8, with parameters bound', async () => {
  const bytes = await warehouse.fetchBytes(
    "SELECT unhex('FF00C3') AS a, {n:UInt16} AS n, {s:String} AS s",
    'RowBinary',
    { n: 515, s: "it's" },
  );
  expect(bytes).toEqual(Buffer.from("\x03\xff\x00\xc3\x03\x02\x04it's", 'latin1'));
});

test('questions of bytes asked beside an insert are answered each, and a wrong one is refused', async () => {
  const ask = (n: number) => warehouse.fetchBytes('SELECT {n:UInt8}', 'TabSeparated', { n });
  const [first, second] = await Promise.all([ask(1), ask(2), insert(rows('8000001\tx\n'))]);
  expect([first, second].map(String)).toEqual(['1\n', '2\n']);
  expect(await codeOf(warehouse.fetchBytes('SELECT nothing', 'RowBinary'))).toBe('QUERY_REFUSED');
});

test('a second one on the same directory is told that it is busy', async () => {
  expect(await codeOf(openEmbeddedWarehouse(data, { command: 'query' }))).toBe(
    'DATA_DIRECTORY_BUSY',
  );
});

test('a directory that cannot be made is refused at once, with its name', async () => {
  for (const path of ['/proc/edxstream/data', join('/dev/null', 'data')]) {
    const opening = openEmbeddedWarehouse(path, { command: 'load' });
    expect(await codeOf(opening)).toBe('DATA_DIRECTORY_UNUSABLE');
    await expect(opening).rejects.toThrow(path);
    expect(existsSync(lockPath(path))).toBe(false);
  }
}, 10_000);

test('parameters travel beside the statement, whatever they hold', async () => {
  const odd = `it's; DROP TABLE t -- \\n \t\n {x:String} \u00e9\u{1f600}`;
  await warehouse.statement('INSERT INTO t SELECT {n:UInt64}, {s:String}', { n: 7, s: odd });
  const found = await warehouse.query<{ n: number; s: string }>(
    'SELECT n, s FROM t WHERE s = {s:String} AND n IN {ns:Array(String)}',
    { s: odd, ns: ['7', '8'] },
  );
  expect(found).toEqual([{ n: 7, s: odd }]);
});

test('a query that is wrong is refused as usage; what is no fault of the query is one of the warehouse', async () => {
  expect(await codeOf(warehouse.query('SELEC 1'))).toBe('QUERY_REFUSED');
  expect(await codeOf(warehouse.query('SELECT x FROM t'))).toBe('QUERY_REFUSED');
  expect(await codeOf(warehouse.statement('DROP TABLE nowhere'))).toBe('QUERY_REFUSED');
  expect(await codeOf(warehouse.query("SELECT throwIf(1, 'broken')"))).toBe('WAREHOUSE_FAILED');
  await expect(warehouse.query('SELECT x FROM t')).rejects.toThrow('SELECT x FROM t');
});

test('a bulk insert brings every row, wherever its chunks end', async () => {
  await insert(rows('100\tone\n10', '1\ttw', 'o\n', '102\tthree\n'));
  expect(await count('n BETWEEN 100 AND 102')).toBe(3);
});

test('inserts that are asked for at once go one after another', async () => {
  const many = Array.from({ length: 5 }, (_, at) => insert(rows(`${200 + at}\tx\n`)));
  await Promise.all(many);
  expect(await count('n BETWEEN 200 AND 204')).toBe(5);
});

test('an insert that fails says why, and leaves the warehouse as usable as before', async () => {
  expect(await codeOf(insert(rows('no number\tx\n')))).toMatch('WAREHOUSE_FAILED');
  expect(await codeOf(insert(rows('1\tx\n'), 'nowhere'))).toBe('QUERY_REFUSED');
  async function* broken(): AsyncIterable<Uint8Array> {
    yield Buffer.from('300\tx\n30');
    throw new Error('a batch is gone');
  }
  expect(await codeOf(insert(broken()))).toContain('a batch is gone');
  await insert(rows('400\tx\n'));
  expect(await count('n = 400')).toBe(1);
}, 20_000);

test('a result streams in the format asked for, and a faulty query is refused there too', async () => {
  const read = async (sql: string, format: string): Promise<string> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of warehouse.stream(sql, format)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  expect(await read('SELECT number FROM numbers(3)', 'TSV')).toBe('0\n1\n2\n');
  const lines = (await read('SELECT number FROM numbers(200000)', 'CSV')).split('\n');
  expect(lines.length).toBe(200_001);
  expect(await read('DESCRIBE t', 'TSV')).toContain('n\tUInt64');
  expect(await codeOf(read('SELECT x FROM t', 'TSV'))).toBe('QUERY_REFUSED');
});

test('migrating applies every file of the schema once, and nothing the second time', async () => {
  const names = (await schemaFiles()).map(({ name }) => name);
  expect(await migrate(warehouse)).toEqual(names);
  expect(await migrate(warehouse)).toEqual([]);
  await warehouse.statement(
    "ALTER TABLE schema_versions UPDATE digest = 'older' WHERE 1 SETTINGS mutations_sync = 2",
  );
  // Tables are applied by name alone; a view is made anew where its text has changed.
  const again = await migrate(warehouse);
  expect(again).toContain('130_log_files.sql');
  expect(again).not.toContain('100_events.sql');
});
