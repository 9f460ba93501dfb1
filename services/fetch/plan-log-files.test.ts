import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LogFileEntry, PackageIndex } from '#shared/packages/package-index';
import { aLedgerEntry } from '#shared/testing/ledger-entries';
import { aLogFile, aTar } from '#shared/testing/package-indexes';
import type { LedgerEntry } from '#shared/warehouse/log-file-ledger';
import { Fingerprints } from './fingerprint.js';
import { type LogFilePlan, type PlannedLogFile, planLogFiles } from './plan-log-files.js';

/** Plans with fingerprints that tell the path and the size; the paths that were asked for. */
async function plan(
  packages: readonly PackageIndex[],
  entries: readonly LedgerEntry[] = [],
  courses: readonly string[] = [],
): Promise<LogFilePlan & { read: string[] }> {
  const read: string[] = [];
  const made = await planLogFiles(packages, {
    entries,
    courses,
    fingerprint: async (entry) => {
      read.push(entry.path);
      return fingerprintOf(entry);
    },
  });
  return { ...made, read };
}

function fingerprintOf({ path, location }: LogFileEntry): string {
  return `${path} of ${location.bytes}`;
}

/** What the ledger has after loading `file` from a package of that date. */
function loadedOf(file: LogFileEntry, packageDate: string, changes: Partial<LedgerEntry> = {}) {
  return aLedgerEntry({
    organization: file.organization,
    site: file.site,
    server: file.server,
    log_date: file.logDate,
    package_date: packageDate,
    fingerprint: fingerprintOf(file),
    ...changes,
  });
}

function brief(files: readonly PlannedLogFile[] = []): string[] {
  return files.map(
    ({ entry, packageDate }) => `${entry.server} ${entry.logDate} of ${packageDate}`,
  );
}

const A20 = aLogFile('a', '2013-10-20');
const A21 = aLogFile('a', '2013-10-21');
const B20 = aLogFile('b', '2013-10-20');

test('log files that are not in the ledger are read by date, then server, whatever the order of the tar', async () => {
  const { rounds, unchanged, superseded, missing } = await plan([
    aTar('2013-10-21', [B20, A21, A20]),
  ]);
  expect(rounds.map((round) => brief(round))).toEqual([
    ['a 2013-10-20 of 2013-10-21', 'b 2013-10-20 of 2013-10-21', 'a 2013-10-21 of 2013-10-21'],
  ]);
  expect([unchanged, superseded, missing]).toEqual([[], [], []]);
});

test('the last day of a tar is provisional, the days before it are not', async () => {
  const { rounds } = await plan([aTar('2013-10-25', [A20, A21])]);
  expect(rounds[0]?.map(({ provisional }) => provisional)).toEqual([false, true]);
});

test('a log file with the fingerprint of the ledger is unchanged', async () => {
  const { rounds, unchanged } = await plan(
    [aTar('2013-10-28', [A20])],
    [loadedOf(A20, '2013-10-21')],
  );
  expect(rounds).toEqual([]);
  expect(brief(unchanged)).toEqual(['a 2013-10-20 of 2013-10-28']);
});

test('a log file that was found to add nothing once is unchanged the next time', async () => {
  const entry = loadedOf(A20, '2013-10-21', {
    fingerprint: 'another',
    recognised: ['another', fingerprintOf(A20)],
  });
  expect((await plan([aTar('2013-10-28', [A20])], [entry])).unchanged.length).toBe(1);
});

test('the same name with other ciphertext is read again, with what the ledger holds of it', async () => {
  const grown = aLogFile('a', '2013-10-20', 200);
  const entry = loadedOf(A20, '2013-10-21');
  const { rounds } = await plan([aTar('2013-10-28', [grown])], [entry]);
  expect(brief(rounds[0])).toEqual(['a 2013-10-20 of 2013-10-28']);
  expect(rounds[0]?.[0]?.known).toEqual([entry]);
});

test('an older package never replaces what a newer one delivered, and is not even looked at', async () => {
  const { rounds, superseded, read } = await plan(
    [aTar('2013-10-21', [A20])],
    [loadedOf(A20, '2013-10-28', { fingerprint: 'newer' })],
  );
  expect(rounds).toEqual([]);
  expect(brief(superseded)).toEqual(['a 2013-10-20 of 2013-10-21']);
  expect(read).toEqual([]);
});

test('of several packages only the newest counts, in whatever order they are given', async () => {
  const older = aTar('2013-10-21', [A20, B20]);
  const newer = aTar('2013-10-28', [aLogFile('a', '2013-10-20', 300), A21]);
  for (const packages of [
    [older, newer],
    [newer, older],
  ]) {
    const { rounds, superseded } = await plan(packages);
    expect(rounds.map((round) => brief(round))).toEqual([
      ['a 2013-10-20 of 2013-10-28', 'b 2013-10-20 of 2013-10-21', 'a 2013-10-21 of 2013-10-28'],
    ]);
    expect(brief(superseded)).toEqual(['a 2013-10-20 of 2013-10-21']);
  }
});

test('two packages of the same date are both looked at, the larger first, one after the other', async () => {
  const small = aTar('2013-10-21', [aLogFile('a', '2013-10-20', 100), B20]);
  const large = { ...aTar('2013-10-21', [aLogFile('a', '2013-10-20', 900)]), path: 'again.tar' };
  for (const packages of [
    [small, large],
    [large, small],
  ]) {
    const { rounds, superseded } = await plan(packages);
    const sizes = rounds.map((round) => round.map(({ entry }) => entry.location.bytes));
    expect(sizes).toEqual([[900, 100], [100]]);
    expect(rounds[1]?.[0]?.key).toBe(rounds[0]?.[0]?.key);
    expect(superseded).toEqual([]);
  }
});

test('organizations that differ in case are one, so their log files are too', async () => {
  const { rounds, superseded } = await plan([
    aTar('2013-10-21', [A20]),
    aTar('2013-10-28', [{ ...A20, organization: 'universitya' }]),
  ]);
  expect(rounds.map((round) => round.length)).toEqual([1]);
  expect(superseded.length).toBe(1);
});

test('a package without a date in its name has the date of its newest log file', async () => {
  const { rounds } = await plan([{ ...aTar('', [A20, A21]), packageDate: undefined }]);
  expect(brief(rounds[0])).toEqual(['a 2013-10-20 of 2013-10-21', 'a 2013-10-21 of 2013-10-21']);
});

test('a log file that failed before is tried again, also with the same fingerprint', async () => {
  const failed = loadedOf(A20, '2013-10-21', { state: 'failed' });
  const { rounds, unchanged } = await plan([aTar('2013-10-21', [A20])], [failed]);
  expect(brief(rounds[0])).toEqual(['a 2013-10-20 of 2013-10-21']);
  expect(unchanged).toEqual([]);
});

test('a newer delivery that failed does not keep an older package from being compared', async () => {
  const failed = loadedOf(A20, '2013-10-28', { state: 'failed' });
  const { rounds, superseded } = await plan([aTar('2013-10-21', [A20])], [failed]);
  expect(brief(rounds[0])).toEqual(['a 2013-10-20 of 2013-10-21']);
  expect(superseded).toEqual([]);
});

test('what was loaded for some courses is unchanged for these and for fewer, and read for others or all', async () => {
  const entry = loadedOf(A20, '2013-10-21', { courses: ['A/B/C', 'A/B/D'] });
  const isUnchanged = async (held: LedgerEntry, courses: readonly string[]): Promise<boolean> =>
    (await plan([aTar('2013-10-21', [A20])], [held], courses)).unchanged.length === 1;
  expect(await isUnchanged(entry, ['A/B/D', 'A/B/C'])).toBe(true);
  expect(await isUnchanged(entry, ['A/B/C'])).toBe(true);
  expect(await isUnchanged(entry, ['A/B/C', 'A/B/E'])).toBe(false);
  expect(await isUnchanged(entry, [])).toBe(false);
  expect(await isUnchanged({ ...entry, courses: [] }, ['A/B/E'])).toBe(true);
});

test('a log file that the newest package no longer has is named as missing, once, and stays', async () => {
  const gone = loadedOf(B20, '2013-10-20');
  const itsTail = { ...gone, from_line: 90 };
  const later = loadedOf(aLogFile('b', '2013-10-25'), '2013-10-25');
  const others = loadedOf({ ...B20, organization: 'UniversityB' }, '2013-10-20');
  const failed = loadedOf(aLogFile('c', '2013-10-20'), '2013-10-20', { state: 'failed' });
  const { missing, rounds } = await plan(
    [aTar('2013-10-21', [A20, A21])],
    [gone, itsTail, later, others, failed],
  );
  expect(missing).toEqual([gone]);
  expect(rounds.map((round) => round.length)).toEqual([2]);
});

test('what is loaded in several entries is compared by the fingerprint of any of them', async () => {
  const first = loadedOf(A20, '2013-10-21', { lines: 80, fingerprint: 'older' });
  const tail = loadedOf(A20, '2013-10-28', { from_line: 81 });
  const { unchanged } = await plan([aTar('2013-10-28', [A20])], [tail, first]);
  expect(unchanged.length).toBe(1);
});

test('of hundreds of packages no more are open at a time than a system lets a process have', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'edxstream-plan-'));
  const packages = Array.from({ length: 300 }, (_, at) => {
    const path = join(folder, `${at}.log.gpg`);
    writeFileSync(path, String(at));
    const file = aLogFile(`server-${at}`, '2014-09-01', 1);
    return aTar('2014-09-01', [{ ...file, location: { ...file.location, path } }]);
  });
  const openNow = (): number => readdirSync('/dev/fd').length;
  const before = openNow();
  const seen: number[] = [];
  let isOver = false;
  const watching = (async () => {
    for (; !isOver; await new Promise(setImmediate)) seen.push(openNow() - before);
  })();
  const fingerprints = new Fingerprints();
  const { rounds } = await planLogFiles(packages, {
    ...{ entries: [], courses: [] },
    fingerprint: ({ location }) => fingerprints.of(location),
  });
  isOver = true;
  await watching;
  rmSync(folder, { recursive: true });
  expect(rounds[0]?.length).toBe(300);
  expect(Math.max(...seen)).toBeGreaterThan(8);
  expect(Math.max(...seen)).toBeLessThanOrEqual(64);
  expect(openNow()).toBe(before);
});
