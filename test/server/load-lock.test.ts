/** The lock of loads on a server: one has it, the dead and the silent lose it, and who lost it does no harm. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { EdxstreamError } from '#shared/errors';
import { LoadLock } from '#shared/warehouse/load-lock';
import { ServerWarehouse } from '#shared/warehouse/server';
import { ClickHouseFront, FRONT_PASSWORD, FRONT_USER } from '../support/clickhouse-front.js';

let front: ClickHouseFront;
/** Looks, and changes what time alone would change. */
let witness: ServerWarehouse;

beforeAll(async () => {
  front = await ClickHouseFront.start();
  witness = open();
  await witness.statement('CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n');
});
afterAll(async () => {
  await witness[Symbol.asyncDispose]();
  await front[Symbol.asyncDispose]();
});
beforeEach(async () => {
  for (const name of await lockTables()) await witness.statement(`DROP TABLE ${name}`);
  await witness.statement('TRUNCATE TABLE t');
});

function open(): ServerWarehouse {
  return new ServerWarehouse(
    { url: new URL(front.url), user: FRONT_USER, password: FRONT_PASSWORD },
    { timeoutMs: 30_000, patienceMs: 0, isCompressed: false },
  );
}

async function lockTables(): Promise<readonly string[]> {
  const rows = await witness.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE startsWith(name, 'load_lock_') ORDER BY name",
  );
  return rows.map(({ name }) => name);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof EdxstreamError ? error.code : String(error);
  }
  return 'no fault';
}

/** Makes the holder one that was last heard of so long ago, or that runs elsewhere. */
async function rewrite(change: string): Promise<void> {
  const [table] = await lockTables();
  await witness.statement(`ALTER TABLE ${table} UPDATE ${change} WHERE 1`);
}

function insert(into: ServerWarehouse, body: AsyncIterable<Uint8Array>): Promise<void> {
  return into.bulkInsert({
    ...{ table: 't', columns: ['n'], structure: 'n UInt64', format: 'TabSeparated', body },
  });
}

async function count(): Promise<number> {
  const [found] = await witness.query<{ rows: number }>('SELECT count() AS rows FROM t');
  return Number(found?.rows);
}

test('a second one is told who loads; once the lock is given back it gets it', async () => {
  const first = open();
  await first.lock({ command: 'load' });
  await using second = open();
  expect(await codeOf(second.lock({ command: 'load' }))).toBe('WAREHOUSE_BUSY');
  await expect(second.lock({ command: 'load' })).rejects.toThrow(`process ${process.pid} on`);
  expect(await second.loads()).toMatchObject({ command: 'load', pid: process.pid });
  await first[Symbol.asyncDispose]();
  expect(await second.loads()).toBeUndefined();
  expect(await codeOf(second.lock({ command: 'load' }))).toBe('no fault');
});

test('of eight that want it at once, one has it, round after round', async () => {
  for (let round = 0; round < 4; round += 1) {
    const all = Array.from({ length: 8 }, open);
    const codes = await Promise.all(all.map((one) => codeOf(one.lock({ command: 'load' }))));
    expect(codes.toSorted()).toEqual([...Array(7).fill('WAREHOUSE_BUSY'), 'no fault']);
    for (const one of all) await one[Symbol.asyncDispose]();
  }
});

test('a holder of this machine that is dead is followed at once, one of another machine after its time', async () => {
  const gone = spawn(process.execPath, ['--version']);
  await once(gone, 'exit');
  const first = open();
  await first.lock({ command: 'load' });
  await rewrite(`pid = ${gone.pid}`);
  await using second = open();
  expect(await codeOf(second.lock({ command: 'load' }))).toBe('no fault');
  await second.unlock();

  const third = open();
  await third.lock({ command: 'load' });
  await rewrite(`pid = ${gone.pid}, space = 'another machine'`);
  expect(await codeOf(second.lock({ command: 'load' }))).toBe('WAREHOUSE_BUSY');
  await rewrite('said_at = said_at - 61');
  expect(await codeOf(second.lock({ command: 'load' }))).toBe('no fault');
});

test('one that was stopped inside an insert and wakes up brings no row, and writes nothing more', async () => {
  await using stopped = open();
  await stopped.lock({ command: 'load' });
  let wake = (): void => undefined;
  const asleep = new Promise<void>((resolve) => {
    wake = resolve;
  });
  let isBegun = (): void => undefined;
  const begun = new Promise<void>((resolve) => {
    isBegun = resolve;
  });
  async function* body(): AsyncIterable<Uint8Array> {
    yield Buffer.from('1\n2\n');
    isBegun();
    await asleep;
    yield Buffer.from('3\n');
  }
  const inserting = codeOf(insert(stopped, body()));
  await begun;
  await rewrite("said_at = said_at - 61, space = ''");
  await using successor = open();
  await successor.lock({ command: 'load' });
  expect(
    await witness.query("SELECT 1 FROM system.processes WHERE query LIKE 'INSERT INTO t %'"),
  ).toEqual([]);
  wake();
  expect(await inserting).not.toBe('no fault');
  expect(await count()).toBe(0);
  async function* later(): AsyncIterable<Uint8Array> {
    yield Buffer.from('4\n');
  }
  expect(await codeOf(insert(stopped, later()))).toBe('WAREHOUSE_LOCK_LOST');
  expect(await count()).toBe(0);
  await insert(successor, later());
  expect(await count()).toBe(1);
});

test('one that was slow between looking and creating does not take a number that was used and gone', async () => {
  for (let turn = 0; turn < 2; turn += 1) {
    await using before = open();
    await before.lock({ command: 'load' });
  }
  // Two released locks came and went: the second is there, the first is not.
  expect(await lockTables()).toEqual(['load_lock_00000002']);
  await using holder = open();
  await holder.lock({ command: 'load' });
  let looks = 0;
  const slow = {
    // Its first look is as old as if it had come before all of them.
    query: async <Row>(
      sql: string,
      parameters?: Record<string, string>,
    ): Promise<readonly Row[]> => {
      looks += 1;
      return looks === 1 ? [] : witness.query<Row>(sql, parameters);
    },
    statement: witness.statement.bind(witness),
    prompt: witness.statement.bind(witness),
  };
  const taking = LoadLock.take(slow, { command: 'load', instance: 'slow' });
  expect(await codeOf(taking)).toBe('WAREHOUSE_BUSY');
  expect(await lockTables()).toEqual(['load_lock_00000003']);
  await insert(
    holder,
    (async function* () {
      yield Buffer.from('5\n');
    })(),
  );
  expect(await count()).toBe(1);
});
