/** One load: find packages, index, plan, log files, database files, account. */

import type { KeyRing } from '#shared/openpgp/key-ring';
import { newLoadProgress } from '#shared/progress/load-progress';
import { openEmbeddedWarehouse } from '#shared/warehouse/embedded';
import { readEntries, recoverLogFiles } from '#shared/warehouse/log-file-ledger';
import { migrate } from '#shared/warehouse/migrate';
import { openDecryptPool } from '../decrypt/decrypt-pool.js';
import { findPackages } from '../fetch/find-packages.js';
import { fingerprint } from '../fetch/fingerprint.js';
import { indexPackage } from '../fetch/index-package.js';
import { planLogFiles } from '../fetch/plan-log-files.js';
import { loadLogFiles } from './load-log-files.js';

export async function tryLoad(
  paths: readonly string[],
  data: string,
  keys: KeyRing,
  workers: number,
) {
  await using warehouse = await openEmbeddedWarehouse(data, { command: 'load' });
  await migrate(warehouse);
  await recoverLogFiles(warehouse);
  const found = await findPackages(paths);
  const indexes = await Promise.all(found.packages.map(({ path }) => indexPackage(path)));
  const plan = await planLogFiles(indexes, {
    entries: await readEntries(warehouse),
    courses: [],
    fingerprint: (entry) => fingerprint(entry.location),
  });
  await using pool = openDecryptPool({ keys, workers });
  const progress = newLoadProgress(new Date());
  const results = await loadLogFiles(plan, {
    warehouse,
    pool,
    courses: [],
    keepSecrets: false,
    allowUnprotected: false,
    lineBytesMax: 16 << 20,
    batchBytes: 8 << 20,
    releaseBytes: 128 << 20,
    windowBytesMax: 192 << 20,
    progress,
    signal: new AbortController().signal,
  });
  return {
    plan,
    progress,
    results,
    rows: await warehouse.query('select count() c, sum(cityHash64(raw)) h from events'),
    files: await warehouse.query(
      'select count(), sum(events),sum(lines),sum(rejected),sum(blank) from log_files',
    ),
  };
}
