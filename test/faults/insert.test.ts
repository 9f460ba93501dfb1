/**
 * An insert that the engine refuses in the middle of a load: a constraint on the table, which the test
 * adds before and takes away after, fails it at the first row that breaks it. Other rows of the load are in
 * by then. The next run comes to the rows of a load that nothing disturbed.
 */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksums } from '../support/checksums.js';
import { queryOf } from '../support/edxstream.js';
import { halfLoaded, TwoWeeks } from '../support/two-weeks.js';

/** What the engine refuses: rows of a table, or the step of the ledger that follows them. */
const MOMENTS = [
  ['events', 'toDayOfWeek(log_date) NOT IN (4, 5)'],
  ['log_file_versions', "state != 'loaded'"],
  ['auth_user_snapshots', 'line % 20 != 19'],
] as const;

let weeks: TwoWeeks;

beforeAll(async () => {
  weeks = await TwoWeeks.open();
});

afterAll(() => weeks?.[Symbol.asyncDispose]());

for (const [table, wanted] of MOMENTS) {
  test(`where ${table} takes only rows with ${wanted}, the load says so, and the next one comes to the same rows`, async () => {
    const data = await weeks.withFirstWeek();
    await queryOf(data, `ALTER TABLE ${table} ADD CONSTRAINT refused CHECK ${wanted}`, 'TSV');
    const run = await weeks.load(data, [0, 1]).ended;
    expect({ status: run.status, said: run.said }).toMatchObject({ status: 3 });
    expect(run.said).toContain('WAREHOUSE_FAILED');
    expect(run.said).toContain('refused');
    await queryOf(data, `ALTER TABLE ${table} DROP CONSTRAINT refused`, 'TSV');
    const next = await weeks.load(data, [0, 1]).ended;
    expect({ status: next.status, said: next.status === 1 ? '' : next.said }).toEqual({
      status: 1,
      said: '',
    });
    expect(await halfLoaded(data)).toEqual([]);
    expect(await checksums(data)).toEqual(weeks.checksums);
    await rm(data, { recursive: true, force: true });
  });
}
