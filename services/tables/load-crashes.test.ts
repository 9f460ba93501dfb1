/**
 * A load that dies behind every call it makes of the warehouse, and what the next run makes of it:
 * always the rows of an undisturbed load.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Warehouse } from '#shared/warehouse/warehouse';
import { recoverTables } from './database-file-ledger.js';
import { loadDatabaseFiles } from './load-database-files.js';
import { DatabaseBench, week } from './testing/database-package.js';

let bench: DatabaseBench;
beforeAll(async () => {
  bench = await DatabaseBench.open();
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
});

/** The real warehouse, which does what one call asks and never answers it or any other after it. */
function dyingWarehouse(warehouse: Warehouse, lastCall: number): Warehouse {
  let calls = 0;
  const mortal = async <T>(work: () => Promise<T>): Promise<T> => {
    calls += 1;
    if (calls > lastCall) throw new Error('killed');
    const result = await work();
    if (calls === lastCall) throw new Error('killed');
    return result;
  };
  return {
    kind: warehouse.kind,
    statement: (sql, parameters) => mortal(() => warehouse.statement(sql, parameters)),
    query: (sql, parameters) => mortal(() => warehouse.query(sql, parameters)),
    fetchBytes: (...question) => mortal(() => warehouse.fetchBytes(...question)),
    bulkInsert: (insert) => mortal(() => warehouse.bulkInsert(insert)),
    [Symbol.asyncDispose]: async () => {},
  };
}

const enrolments = (name: string) =>
  `id\tuser_id\tcourse_id\tmode\n1\t1\tcourse-v1:UnivX+P1+R\t${name}\n2\tragged ${name}\n`;
const PACKAGE = {
  'UnivX-P1-R-student_courseenrollment-prod-analytics.sql': enrolments('new'),
  'UnivX-P1-R-auth_user-prod-analytics.sql': 'id\tusername\n1\tnew\n',
};
const EARLIER = {
  'UnivX-P1-R-student_courseenrollment-prod-analytics.sql': enrolments('old'),
  'UnivX-P1-R-auth_user-prod-analytics.sql': 'id\tusername\n1\told\n2\tolder\n',
};

/** Everything a user can see of an organization, but clock times and ids. */
async function seen(organization: string): Promise<unknown> {
  const of = `WHERE organization = '${organization}'`;
  return [
    await bench.rows(`SELECT course_id, line, username FROM auth_user ${of} ORDER BY ALL`),
    await bench.rows(
      `SELECT course_id, line, username FROM auth_user_snapshots ${of} ORDER BY ALL`,
    ),
    await bench.rows(
      `SELECT line, mode FROM student_courseenrollment_snapshots ${of} ORDER BY ALL`,
    ),
    await bench.rows(`SELECT line, reason, raw FROM rejected_rows ${of} ORDER BY ALL`),
    await bench.rows(
      `SELECT path, state, rows, rejected, course_id FROM database_files ${of} ORDER BY ALL`,
    ),
  ];
}

test('whenever a load dies, the next run ends with the rows of an undisturbed one', async () => {
  const { warehouse, keys } = bench;
  const earlier = await bench.pack(week('2018-05-06'), EARLIER);
  const files = await bench.pack(week('2018-05-06'), PACKAGE);
  const run = (organization: string, some: typeof files, through: Warehouse = warehouse) =>
    loadDatabaseFiles(
      some,
      { ...week('2018-05-06'), organization },
      { warehouse: through, keys, batchesMax: 1 },
    );

  await run('calm', earlier);
  await run('calm', files);
  const expected = await seen('calm');
  expect(JSON.stringify(expected)).not.toContain('old');

  // Dying behind a call is the same as dying before the next one. How many calls a load makes differs: it looks
  // now and then whether rows are gone.
  let deaths = 0;
  for (let isAlive = false; !isAlive; ) {
    const organization = `dies-${deaths + 1}`;
    await run(organization, earlier);
    isAlive = await run(organization, files, dyingWarehouse(warehouse, deaths + 1)).then(
      () => true,
      (error: Error) => error.message !== 'killed',
    );
    await recoverTables(warehouse);
    await run(organization, files);
    expect(await seen(organization), organization).toEqual(expected);
    if (!isAlive) deaths += 1;
  }
  expect(deaths).toBeGreaterThan(10);
}, 120_000);
