/** A server's large merges while a load is under way, seen in the settings of the table. */
import { expect, test } from 'vitest';
import { letLargeMerges, withLargeMergesHeld } from '#shared/warehouse/held-merges';
import { migrate } from '#shared/warehouse/migrate';
import { ServerWarehouse } from '#shared/warehouse/server';
import { ClickHouseFront, FRONT_PASSWORD, FRONT_USER } from '../support/clickhouse-front.js';

test('large merges are held while work is done, and let afterwards, also what was left; a bound of others stays', async () => {
  await using front = await ClickHouseFront.start();
  await using warehouse = new ServerWarehouse(
    { url: new URL(front.url), user: FRONT_USER, password: FRONT_PASSWORD },
    { timeoutMs: 30_000, patienceMs: 0, isCompressed: false },
  );
  await migrate(warehouse);
  const bound = async (): Promise<string | undefined> => {
    const [table] = await warehouse.query<{ engine_full: string }>(
      "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = 'events'",
    );
    return /max_bytes_to_merge_at_max_space_in_pool = (\d+)/.exec(table?.engine_full ?? '')?.[1];
  };
  expect(await withLargeMergesHeld(warehouse, bound)).toBe('8388608');
  expect(await bound()).toBeUndefined();
  const failing = withLargeMergesHeld(warehouse, () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  expect(await bound()).toBeUndefined();

  const own = 'ALTER TABLE events MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool =';
  await warehouse.statement(`${own} 8388608`);
  await letLargeMerges(warehouse);
  expect(await bound()).toBeUndefined();
  await warehouse.statement(`${own} 12345678`);
  expect(await withLargeMergesHeld(warehouse, bound)).toBe('12345678');
  await letLargeMerges(warehouse);
  expect(await bound()).toBe('12345678');
});
