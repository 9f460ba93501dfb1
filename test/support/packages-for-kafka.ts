/** Two weeks of packages, and what their tables hold when one process has loaded them alone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generatePackages } from '../../services/generate/generate-packages.js';
import { PROFILES } from '../../services/generate/profile.js';
import { checksums } from './checksums.js';
import { edxstream } from './edxstream.js';
import { logFilesOf, naiveEvents } from './naive-events.js';
import type { OracleEvent } from './oracle.js';

export interface PackagesForKafka extends AsyncDisposable {
  readonly directory: string;
  /** Tar and zip of each week, or the tar alone: database files take a while, and do not pass Kafka. */
  readonly weeks: readonly (readonly string[])[];
  /** The options that open the keys. */
  readonly keys: readonly string[];
  /** One line a table, loaded in one process. */
  readonly checksums: readonly string[];
  /** How many log files there are. */
  readonly logFiles: number;
  /** What a naive reader finds in them, in no order. */
  events(): Promise<readonly OracleEvent[]>;
}

export async function packagesForKafka({
  eventsPerDay,
  withTables,
}: {
  readonly eventsPerDay: number;
  readonly withTables: boolean;
}): Promise<PackagesForKafka> {
  const directory = await mkdtemp(path.join(tmpdir(), 'edxstream-test-'));
  const generated = await generatePackages(path.join(directory, 'packages'), {
    ...PROFILES.test,
    eventsPerDay,
  });
  const { packages, keys } = generated;
  const access = ['--key', keys.czarSecret, '--passphrase-file', keys.passphrase];
  const weeks = packages.map(({ tarPath, zipPath }) =>
    withTables ? [tarPath, zipPath] : [tarPath],
  );
  const data = path.join(directory, 'embedded');
  for (const week of weeks) {
    const { status, said } = await edxstream(['load', ...week, '--data', data, ...access]);
    // Status 1: the packages hold lines and files that no reader could accept.
    if (status !== 1) throw new Error(`The load in one process ended with ${status}\n${said}`);
  }
  return {
    ...{ directory, weeks, keys: access, checksums: await checksums(data) },
    logFiles: (await logFilesOf(generated)).length,
    events: () => naiveEvents(generated),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
