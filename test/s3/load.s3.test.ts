/**
 * Packages loaded straight from a store: the same tables as from disk, and only what is new is paid for.
 * Requests and bytes are counted between the program and the server.
 */
import { spawnSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import {
  type GeneratedPackages,
  generatePackages,
} from '../../services/generate/generate-packages.js';
import { PROFILES } from '../../services/generate/profile.js';
import { checksums } from '../support/checksums.js';
import { edxstream, type Run, summaryOf } from '../support/edxstream.js';
import { storeBench } from '../support/store-bench.js';

const BUCKET = 'course-data';
const bench = storeBench();

let small: GeneratedPackages;
/** Sixty days on four servers, more than 100 MB, and a package with one new day. */
let large: GeneratedPackages;

beforeAll(async () => {
  small = await generatePackages(bench().place(), PROFILES.test);
  large = await generatePackages(bench().place(), {
    ...PROFILES.test,
    ...{ seed: 'large', servers: 4, days: 61, weeks: 2, packageIntervalDays: 1 },
    ...{ eventsPerDay: 2400, oddShare: 0.001, compression: 'none' as const },
  });
  await bench().makeBucket(BUCKET);
}, 300_000);

function load(
  generated: GeneratedPackages,
  data: string,
  packages: readonly string[],
): Promise<Run> {
  const { czarSecret, passphrase } = generated.keys;
  const keys = ['--key', czarSecret, '--passphrase-file', passphrase];
  return bench().run(['load', ...packages, ...keys, '--data', data, '--json']);
}

/** Puts a package under a key and returns its address. */
async function put(file: string, key = path.basename(file)): Promise<string> {
  await bench().putFile(BUCKET, key, file);
  return `s3://${BUCKET}/${key}`;
}

function packageOf(generated: GeneratedPackages, week: number) {
  const found = generated.packages[week];
  if (found === undefined) throw new Error(`There is no week ${week}.`);
  return found;
}

test('two weeks from a store, one by its key and one by a prefix, give the tables that they give from disk', async () => {
  const [first, second] = [packageOf(small, 0), packageOf(small, 1)];
  const disk = bench().place();
  const store = bench().place();
  for (const { tarPath, zipPath } of [first, second]) await load(small, disk, [tarPath, zipPath]);
  const tar = await put(first.tarPath);
  const zip = await put(first.zipPath);
  const fromKeys = await load(small, store, [tar, zip]);
  await put(second.tarPath, `later/${path.basename(second.tarPath)}`);
  await put(second.zipPath, `later/${path.basename(second.zipPath)}`);
  const fromPrefix = await load(small, store, [`s3://${BUCKET}/later/`]);
  expect([fromKeys.status, fromPrefix.status], fromPrefix.stderr).toEqual([1, 1]); // files that edX itself failed to export
  expect(await checksums(store)).toEqual(await checksums(disk));
});

test('an inspection of a store says what one of the disk says', async () => {
  const { tarPath, zipPath } = packageOf(small, 1);
  const paths = [await put(tarPath), await put(zipPath)];
  const stored = await bench().run(['inspect', ...paths, '--json']);
  const local = await edxstream(['inspect', tarPath, zipPath, '--json']);
  const folder = path.dirname(tarPath);
  expect(stored.stderr).toBe('');
  expect(stored.stdout.replaceAll(`s3://${BUCKET}`, folder)).toBe(local.stdout);
});

test('a new day in a tar of 60 days and 4 servers costs its members, 2 % of the tar and 1.1 requests a member', async () => {
  const [first, second] = [packageOf(large, 0), packageOf(large, 1)];
  const data = bench().place();
  await load(large, data, [await put(first.tarPath)]);
  const tar = await put(second.tarPath);
  const { size: tarBytes } = await stat(second.tarPath);
  expect(tarBytes).toBeGreaterThan(100e6);

  const { proxy } = bench();
  proxy.reset();
  const run = await load(large, data, [tar]);
  const members = membersOf(second.tarPath);
  expect(members).toBeGreaterThan(220);
  expect(summaryOf(run).logFiles).toMatchObject({ unchanged: members - 8, new: 4, grown: 4 });
  const newBytes = newMembersBytes(run);
  expect(proxy.requests.length).toBeLessThanOrEqual(1.1 * members);
  expect(proxy.bytesOut).toBeLessThanOrEqual(newBytes + 0.02 * tarBytes);

  proxy.reset();
  const again = await load(large, data, [tar]);
  expect(summaryOf(again).logFiles).toMatchObject({ unchanged: members, new: 0, grown: 0 });
  expect(proxy.requests.length).toBeLessThanOrEqual(5);
  expect(proxy.bytesOut).toBeLessThanOrEqual(64 * 1024);
});

/** How many log files there are, as tar itself lists them. */
function membersOf(tar: string): number {
  const { stdout } = spawnSync('tar', ['-tf', tar], { encoding: 'utf8' });
  return stdout.split('\n').filter((name) => name.endsWith('.gpg')).length;
}

/** Stored bytes of the members that a run read, from its last record of progress. */
function newMembersBytes(run: Run): number {
  const records = run.stdout.split('\n').filter((line) => line.includes('"type":"progress"'));
  const { data } = JSON.parse(records.at(-1) ?? '{}');
  return data.bytesTotal;
}
