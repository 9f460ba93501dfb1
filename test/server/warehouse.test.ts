/**
 * The warehouse on a server, against the front over chdb: what travels, what is told when something is
 * wrong, and what is left behind when a connection breaks.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EdxstreamError } from '#shared/errors';
import { aLedgerEntry } from '#shared/testing/ledger-entries';
import { readEntries, writeEntries } from '#shared/warehouse/log-file-ledger';
import { migrate, schemaFiles } from '#shared/warehouse/migrate';
import { ServerWarehouse } from '#shared/warehouse/server';
import { Certificates } from '../support/certificates.js';
import { ClickHouseFront, FRONT_PASSWORD, FRONT_USER } from '../support/clickhouse-front.js';
import { edxstream } from '../support/edxstream.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { TlsProxy } from '../support/tls-proxy.js';

let front: ClickHouseFront;
let proxy: TcpProxy;
/** Straight to the front, to see what is there whatever happens on the way. */
let direct: ServerWarehouse;
/** By way of the proxy. */
let warehouse: ServerWarehouse;

beforeAll(async () => {
  front = await ClickHouseFront.start();
  proxy = await new TcpProxy(() => front.port).accept();
  direct = open(front.url);
  warehouse = open(proxy.url);
  await direct.statement('CREATE TABLE t (n UInt64, s String) ENGINE = MergeTree ORDER BY n');
});
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]();
  await direct[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await front[Symbol.asyncDispose]();
});

function open(
  url: string,
  {
    password = FRONT_PASSWORD,
    timeoutMs = 30_000,
    patienceMs = 0,
    isCompressed = false,
    ca,
    onAway = () => undefined,
  }: {
    readonly password?: string;
    readonly timeoutMs?: number;
    readonly patienceMs?: number;
    readonly isCompressed?: boolean;
    readonly ca?: Buffer;
    readonly onAway?: (isAway: boolean) => void;
  } = {},
): ServerWarehouse {
  const address = { url: new URL(url), user: FRONT_USER, password, ...(ca && { ca }) };
  return new ServerWarehouse(address, { timeoutMs, patienceMs, isCompressed, onAway });
}

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

function insert(
  body: AsyncIterable<Uint8Array>,
  { into = warehouse, table = 't' }: { into?: ServerWarehouse; table?: string } = {},
): Promise<void> {
  return into.bulkInsert({
    table,
    columns: ['n', 's'],
    structure: 'n UInt64, s String',
    format: 'TabSeparated',
    body,
  });
}

async function count(condition: string): Promise<number> {
  const [found] = await direct.query<{ rows: number }>(
    `SELECT count() AS rows FROM t WHERE ${condition}`,
  );
  return Number(found?.rows);
}

async function textOf(sql: string, format: string, from = warehouse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of from.stream(sql, format)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('parameters travel beside the statement, whatever they hold', async () => {
  const odd = `it's; DROP TABLE t -- \\n \t\n {x:String} é😀`;
  await warehouse.statement('INSERT INTO t SELECT {n:UInt64}, {s:String}', { n: 7, s: odd });
  const found = await warehouse.query<{ n: number; s: string }>(
    'SELECT toUInt32(n) AS n, s FROM t WHERE s = {s:String} AND n IN {ns:Array(String)}',
    { s: odd, ns: ['7', '8'] },
  );
  expect(found).toEqual([{ n: 7, s: odd }]);
});

test('what the server does not accept is told as the embedded engine tells it', async () => {
  expect(await codeOf(warehouse.query('SELEC 1'))).toBe('QUERY_REFUSED');
  expect(await codeOf(warehouse.query('SELECT x FROM t'))).toBe('QUERY_REFUSED');
  expect(await codeOf(warehouse.statement('DROP TABLE nowhere'))).toBe('QUERY_REFUSED');
  expect(await codeOf(warehouse.query("SELECT throwIf(1, 'broken')"))).toBe('WAREHOUSE_FAILED');
  await expect(warehouse.query('SELECT x FROM t')).rejects.toThrow('SELECT x FROM t');
});

test('a wrong password and a database that is not there are told as such, and never the password', async () => {
  await using stranger = open(front.url, { password: 'guessed' });
  expect(await codeOf(stranger.query('SELECT 1'))).toBe('WAREHOUSE_REFUSED');
  await expect(stranger.query('SELECT 1')).rejects.not.toThrow('guessed');
  await using elsewhere = open(`${front.url}/nowhere`);
  expect(await codeOf(elsewhere.query('SELECT 1'))).toBe('WAREHOUSE_REFUSED');
  await expect(elsewhere.query('SELECT 1')).rejects.toThrow('nowhere');
});

test('a bulk insert brings every row, wherever its chunks end, and many go side by side', async () => {
  await insert(rows('100\tone\n10', '1\ttw', 'o\n', '102\tthree\n'));
  expect(await count('n BETWEEN 100 AND 102')).toBe(3);
  await Promise.all(Array.from({ length: 8 }, (_, at) => insert(rows(`${200 + at}\tx\n`))));
  expect(await count('n BETWEEN 200 AND 207')).toBe(8);
});

test('a chunk that is used again once the next is asked for arrives as it was', async () => {
  const chunk = Buffer.alloc(3 << 20);
  async function* reused(): AsyncIterable<Uint8Array> {
    for (let at = 0; at < 8; at += 1) {
      chunk.fill(97 + at);
      chunk.write(`${1000 + at}\t`);
      chunk[chunk.length - 1] = 10;
      yield chunk;
    }
  }
  await insert(reused());
  const found = await direct.query<{ letter: string; alike: number }>(
    `SELECT substring(s, 1, 1) AS letter, toUInt8(replaceAll(s, letter, '') = '') AS alike
     FROM t WHERE n >= 1000 AND n < 1008 ORDER BY n`,
  );
  expect(found).toEqual([...'abcdefgh'].map((letter) => ({ letter, alike: 1 })));
});

test('an insert that fails says why, leaves nothing running, and the next one works', async () => {
  expect(await codeOf(insert(rows('no number\tx\n')))).toBe('WAREHOUSE_FAILED');
  expect(await codeOf(insert(rows('1\tx\n'), { table: 'nowhere' }))).toBe('QUERY_REFUSED');
  async function* broken(): AsyncIterable<Uint8Array> {
    yield Buffer.from('300\tx\n');
    throw new Error('a batch is gone');
  }
  await expect(insert(broken())).rejects.toThrow('a batch is gone');
  expect(await count('n = 300')).toBe(0);
  await insert(rows('400\tx\n'));
  expect(await count('n = 400')).toBe(1);
});

test('a connection that is cut inside an insert, at a line end as well, brings no row once stragglers were ended', async () => {
  await using loading = open(proxy.url);
  await loading.lock({ command: 'load' });
  const lines = Array.from({ length: 4000 }, (_, at) => `${10_000 + at}\t${'y'.repeat(500)}\n`);
  for (const bytes of [600, 20_000, 508 * 1000, 508 * 3999]) {
    proxy.cutAfter(bytes);
    expect(await codeOf(insert(rows(...lines), { into: loading }))).toBe('WAREHOUSE_UNREACHABLE');
    await loading.endStragglers();
    const left = await count('n >= 10000');
    expect(left, `cut after ${bytes} bytes`).toBeLessThan(4000);
    const running = await direct.query(
      "SELECT query FROM system.processes WHERE query LIKE 'INSERT INTO t %'",
    );
    expect(running).toEqual([]);
    expect(await count('n >= 10000')).toBe(left);
    await direct.statement('DELETE FROM t WHERE n >= 10000');
  }
  await insert(rows('800\tx\n'), { into: loading });
  expect(await count('n = 800')).toBe(1);
});

test('a server that is gone is waited for, and this is said: queries, statements and inserts that had not begun', async () => {
  const said: boolean[] = [];
  const onAway = (isAway: boolean): void => void said.push(isAway);
  await using patient = open(proxy.url, { patienceMs: 30_000, onAway });
  await proxy.refuse();
  const asked = [
    patient.query('SELECT 1'),
    patient.statement("INSERT INTO t SELECT 500, 'statement'"),
    insert(rows('501\tinsert\n'), { into: patient }),
  ];
  expect(await codeOf(warehouse.query('SELECT 1'))).toBe('WAREHOUSE_UNREACHABLE');
  await expect(warehouse.query('SELECT 1')).rejects.toThrow(proxy.url);
  expect(said).toEqual([true]);
  await proxy.accept();
  await Promise.all(asked);
  expect(said.at(-1)).toBe(false);
  expect(await count('n IN (500, 501)')).toBe(2);
});

test('a server that was killed and started again has what it had, and the same client goes on', async () => {
  await insert(rows('600\tbefore\n'));
  await front.kill();
  const asked = codeOf(warehouse.query('SELECT 1'));
  expect(await asked).toBe('WAREHOUSE_UNREACHABLE');
  await front.up();
  expect(await count('n = 600')).toBe(1);
  await insert(rows('601\tafter\n'));
  expect(await count('n = 601')).toBe(1);
});

test('a server that hangs is given up after the time that was set', async () => {
  await using hasty = open(proxy.url, { timeoutMs: 300 });
  proxy.hold(true);
  expect(await codeOf(hasty.query('SELECT 1'))).toBe('WAREHOUSE_UNREACHABLE');
  expect(await codeOf(insert(rows('700\tx\n'), { into: hasty }))).toBe('WAREHOUSE_UNREACHABLE');
  proxy.hold(false);
  expect(await count('n = 700')).toBe(0);
});

test('compressed, the same rows take a part of the bytes', async () => {
  await using packed = open(proxy.url, { isCompressed: true });
  const lines = Array.from({ length: 2000 }, (_, at) => `${20_000 + at}\t${'z'.repeat(500)}\n`);
  const before = proxy.passedBytes;
  await insert(rows(...lines), { into: packed });
  expect(proxy.passedBytes - before).toBeLessThan(lines.join('').length / 5);
  expect(await count("n >= 20000 AND n < 22000 AND s = repeat('z', 500)")).toBe(2000);
  expect((await packed.query('SELECT n FROM t WHERE n >= 20000')).length).toBe(2000);
  expect(await textOf('SELECT 1', 'TSV', packed)).toBe('1\n');
});

test('a result streams in the format asked for; what breaks on the way is told', async () => {
  expect(await textOf('SELECT number FROM numbers(3)', 'TSV')).toBe('0\n1\n2\n');
  const lines = (await textOf('SELECT number FROM numbers(200000)', 'CSV')).split('\n');
  expect(lines.length).toBe(200_001);
  expect(await textOf('DESCRIBE t', 'TSV')).toContain('n\tUInt64');
  expect(await codeOf(textOf('SELECT x FROM t', 'TSV'))).toBe('QUERY_REFUSED');
  const breaking = 'SELECT throwIf(number = 3000000) FROM numbers(4000000)';
  expect(await codeOf(textOf(breaking, 'TSV'))).toBe('WAREHOUSE_UNREACHABLE');
  const bytes = await warehouse.fetchBytes('SELECT unhex({x:String})', 'RowBinary', {
    x: 'FF00FE',
  });
  expect([...bytes]).toEqual([3, 0xff, 0, 0xfe]);
});

test('over TLS a certificate is believed from the authority that was given, and from no other', async () => {
  await using tls = await TlsProxy.start(() => front.port);
  await using known = open(tls.url, { ca: tls.ca });
  expect(await known.query('SELECT toUInt8(1) AS one')).toEqual([{ one: 1 }]);
  await using unknown = open(tls.url);
  expect(await codeOf(unknown.query('SELECT 1'))).toBe('WAREHOUSE_REFUSED');
  await expect(unknown.query('SELECT 1')).rejects.toThrow('--warehouse-ca');
});

test('the schema is applied once, and a ledger of thousands of entries is written whole', async () => {
  const names = (await schemaFiles()).map(({ name }) => name);
  expect(await migrate(warehouse)).toEqual(names);
  expect(await migrate(warehouse)).toEqual([]);
  await direct.statement('SYSTEM STOP MERGES log_file_versions');
  const entries = Array.from({ length: 1500 }, (_, at) =>
    aLedgerEntry({ file_id: at + 1, path: `${'deep/'.repeat(60)}${at}.log.gpg` }),
  );
  await writeEntries(warehouse, entries);
  expect((await readEntries(warehouse)).length).toBe(1500);
  // One part is one block: all of it was written or nothing would have been.
  expect(
    await direct.query('SELECT toUInt32(uniqExact(_part)) AS parts FROM log_file_versions'),
  ).toEqual([{ parts: 1 }]);
});

test('a server that asks for a certificate is shown the one of the settings, and refuses who has none', async () => {
  await using certificates = await Certificates.make();
  await using tls = await TlsProxy.start(() => front.port, certificates);
  await using nobody = open(tls.url, { ca: tls.ca });
  expect(await codeOf(nobody.query('SELECT 1'))).toBe('WAREHOUSE_REFUSED');
  await expect(nobody.query('SELECT 1')).rejects.toThrow('EDXSTREAM_WAREHOUSE_CERT_FILE');

  const query = ['query', '--warehouse', tls.url, '--format', 'TSV', 'SELECT 1'];
  const environment = {
    ...front.environment,
    EDXSTREAM_WAREHOUSE_CA: certificates.caFile,
    EDXSTREAM_WAREHOUSE_CERT_FILE: certificates.client.certFile,
  };
  const shown = { ...environment, EDXSTREAM_WAREHOUSE_KEY_FILE: certificates.client.keyFile };
  const { status, stdout } = await edxstream(query, { environment: shown });
  expect({ status, stdout }).toEqual({ status: 0, stdout: '1\n' });
  const keyless = await edxstream(query, { environment });
  expect(keyless.status).toBe(2);
  expect(keyless.said).toContain('EDXSTREAM_WAREHOUSE_KEY_FILE');
});
