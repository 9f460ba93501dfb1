import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { openEmbeddedWarehouse } from '#shared/warehouse/embedded';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('no program is started for an insert that comes beside another', async () => {
  const place = await mkdtemp(join(tmpdir(), 'edxstream-lanes-'));
  const warehouse = await openEmbeddedWarehouse(place, { command: 'load' });
  await warehouse.statement('CREATE TABLE t (s String) ENGINE = MergeTree ORDER BY s');
  const insert = (body: AsyncIterable<Uint8Array>): Promise<void> =>
    warehouse.bulkInsert({
      ...{ table: 't', columns: ['s'], structure: 's String' },
      ...{ format: 'TabSeparated', body },
    });
  let begin = (): void => {};
  let end = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const ending = new Promise<void>((resolve) => {
    end = resolve;
  });
  async function* slow(): AsyncIterable<Uint8Array> {
    yield Buffer.from('first\n');
    begin();
    await ending;
  }
  async function* quick(): AsyncIterable<Uint8Array> {
    yield Buffer.from('second\n');
  }
  const first = insert(slow());
  await begun;
  vi.stubEnv('PATH', '/nowhere'); // where no program is found, none is started
  await insert(quick()).finally(end);
  await first;
  const rows = await warehouse.query('SELECT s FROM t ORDER BY s');
  expect(rows).toEqual([{ s: 'first' }, { s: 'second' }]);
  await warehouse[Symbol.asyncDispose]();
  await rm(place, { recursive: true });
});
