/** Disks that are full or cannot be written: the load says so, and the next run picks up. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deleteRows } from '#shared/warehouse/delete-rows';
import { openEmbeddedWarehouse } from '#shared/warehouse/embedded';
import { checksums } from '../support/checksums.js';
import { canPack, GpgPackages } from '../support/gpg-packages.js';
import { logLine, logLines, logPath } from '../support/log-lines.js';
import { PackedBench } from '../support/packed-bench.js';
import { canMount, SmallDisk } from '../support/small-disk.js';

let place: string;
let isMounting: boolean;
let bench: PackedBench;

beforeAll(async () => {
  place = await mkdtemp(path.join(tmpdir(), 'edxstream-disk-'));
  isMounting = canPack && (await canMount(path.join(place, 'probe')));
  if (!isMounting)
    console.warn(
      'Not run, because they mount a small disk with gpg at hand, as root: disk.test.ts',
    );
  if (canPack) bench = new PackedBench(await GpgPackages.open());
});

afterAll(async () => {
  await bench?.packages[Symbol.asyncDispose]();
  await rm(place, { recursive: true, force: true });
});

/** Lines that do not compress, so that they take on disk what they have in bytes. */
function denseLines(first: number, last: number): string {
  const lines: string[] = [];
  for (let n = first; n <= last; n += 1) {
    const noise = randomBytes(30_000).toString('base64');
    lines.push(`${logLine({ n }).slice(0, -1)},"noise":"${noise}"}\n`);
  }
  return lines.join('');
}

test('a disk that fills up ends the load with its name; with more room the next run completes it', async ({
  skip,
}) => {
  if (!isMounting) return skip();
  const members: Record<string, string> = {};
  for (let day = 10; day < 22; day += 1) {
    members[logPath('003', `2013-10-${day}`)] = denseLines(day * 1000, day * 1000 + 150);
  }
  const tar = await bench.packages.tar('2013-10-22-UniversityA-tracking.tar', members);
  const environment = { EDXSTREAM_RELEASE_BYTES: '4 MiB', EDXSTREAM_BATCH_BYTES: '1 MiB' };
  const undisturbed = bench.freshData();
  expect((await bench.load(undisturbed, [tar], { environment })).status).toBe(0);
  const expected = await checksums(undisturbed);
  await using disk = await SmallDisk.mount(path.join(place, 'small'), 40);
  const data = path.join(disk.directory, 'data');
  const run = await bench.load(data, [tar], { environment });
  expect(run.status).toBe(3);
  expect(run.said).toContain('DISK_FULL');
  expect(run.said).toContain(data);
  expect(run.said).toContain('same command again');
  // A second try on the full disk says the same and does not make it worse.
  const full = await bench.load(data, [tar], { environment });
  expect(full.status).toBe(3);
  expect(full.said).toContain('DISK_FULL');
  await disk.resize(900);
  const completed = await bench.load(data, [tar], { environment });
  expect({ status: completed.status, said: completed.said }).toMatchObject({ status: 0 });
  expect(await checksums(data)).toEqual(expected);
});

test('rows that cannot be deleted for lack of room are told, and do not go later by themselves', async ({
  skip,
}) => {
  if (!isMounting) return skip();
  await using disk = await SmallDisk.mount(path.join(place, 'narrow'), 20);
  const data = path.join(disk.directory, 'data');
  await using warehouse = await openEmbeddedWarehouse(data, { command: 'load' });
  await warehouse.statement('CREATE TABLE t (n UInt64, s String) ENGINE = MergeTree ORDER BY n');
  // One part of 12 MB: the engine wants as much to write a mask of a few bytes.
  await warehouse.statement('INSERT INTO t SELECT number, randomString(12000) FROM numbers(1000)');
  const some = { table: 't', where: 'n < 10' };
  await expect(deleteRows(warehouse, some)).rejects.toMatchObject({ code: 'DISK_FULL' });
  await disk.resize(60);
  await new Promise((resume) => setTimeout(resume, 1500));
  const count = () => warehouse.query('SELECT count() AS rows FROM t');
  expect(await count()).toEqual([{ rows: 1000 }]);
  expect(await deleteRows(warehouse, some)).toBe(true);
  expect(await count()).toEqual([{ rows: 990 }]);
  expect(await deleteRows(warehouse, some)).toBe(false);
});

test('a disk with no room at all is told before anything is read', async ({ skip }) => {
  if (!isMounting) return skip();
  const tar = await bench.packages.tar('2013-10-22-UniversityA-tracking.tar', {
    [logPath('003', '2013-10-22')]: logLines(1, 3),
  });
  await using disk = await SmallDisk.mount(path.join(place, 'tiny'), 1);
  await writeFile(path.join(disk.directory, 'ballast'), Buffer.alloc(1020 * 1024));
  const run = await bench.load(path.join(disk.directory, 'data'), [tar]);
  expect(run.status).toBe(3);
  expect(run.said).toContain('DISK_FULL');
  expect(run.said).toContain('--data');
});

test('a disk that is read-only is named as unusable', async ({ skip }) => {
  if (!isMounting) return skip();
  const tar = await bench.packages.tar('2013-10-22-UniversityA-tracking.tar', {
    [logPath('003', '2013-10-22')]: logLines(1, 3),
  });
  await using disk = await SmallDisk.mount(path.join(place, 'read-only'), 10);
  await disk.makeReadOnly();
  const data = path.join(disk.directory, 'data');
  const run = await bench.load(data, [tar]);
  expect(run.status).toBe(3);
  expect(run.said).toContain('DATA_DIRECTORY_UNUSABLE');
  expect(run.said).toContain(data);
  expect(run.said).toContain('--data');
});

test('a data directory below a file is named as unusable', async ({ skip }) => {
  if (!canPack) return skip();
  const tar = await bench.packages.tar('2013-10-22-UniversityA-tracking.tar', {
    [logPath('003', '2013-10-22')]: logLines(1, 3),
  });
  const file = path.join(place, 'file');
  await writeFile(file, 'not a directory');
  const run = await bench.load(path.join(file, 'data'), [tar]);
  expect(run.status).toBe(3);
  expect(run.said).toContain('DATA_DIRECTORY_UNUSABLE');
  const onIt = await bench.load(file, [tar]);
  expect(onIt.status).toBe(3);
  expect(onIt.said).toContain('DATA_DIRECTORY_UNUSABLE');
});
