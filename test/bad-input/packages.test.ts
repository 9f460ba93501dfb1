/** Tars and zips that are cut, damaged or hostile: what is whole in them is loaded. */
import { readdir, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { expect } from 'vitest';
import { rowsOf, start } from '../support/edxstream.js';
import { logLines, logPath } from '../support/log-lines.js';
import { learnersFrom, packedBench, test } from '../support/packed-bench.js';
import { peakMemoryOf } from '../support/peak-memory.js';
import { storedZip } from '../support/stored-zip.js';

const bench = packedBench('packages.test.ts');

const TAR = '2013-10-22-UniversityA-tracking.tar';
const FIRST = logPath('003', '2013-10-22');
const SECOND = logPath('004', '2013-10-22');
const ENROLMENT = 'UniversityA-CS1-2013_Fall-student_courseenrollment-prod-analytics.sql';
const ENROLMENT_ROWS =
  'id\tuser_id\tcourse_id\tcreated\tis_active\tmode\n7\t42\tUniversityA/CS1/2013_Fall\t2013-08-20 10:00:01\t1\thonor\n';

test('of a tar cut inside a member, all before it is loaded and the cut member is named', async () => {
  const { packages, load, learners, freshData } = bound();
  const tar = await packages.tar(TAR, { [FIRST]: logLines(1, 3), [SECOND]: logLines(100, 400) });
  const cut = await packages.edited(tar, '2013-10-22-cut-UniversityA-tracking.tar', (bytes) =>
    bytes.subarray(0, bytes.indexOf(`${SECOND}.gpg`) + 512 + 700),
  );
  const data = freshData();
  const run = await load(data, [cut]);
  expect(run.status).toBe(1);
  expect(run.said).toContain('2013-10-22-cut-UniversityA-tracking.tar');
  expect(await learners(data)).toEqual(learnersFrom(1, 3));
  expect((await load(data, [tar])).status).toBe(0);
  expect(await learners(data)).toEqual([...learnersFrom(1, 3), ...learnersFrom(100, 400)]);
});

test('of a tar cut inside a header, all before it is loaded and the tar is named', async () => {
  const { packages, load, learners, freshData } = bound();
  const tar = await packages.tar(TAR, { [FIRST]: logLines(1, 3), [SECOND]: logLines(4, 6) });
  const cut = await packages.edited(tar, '2013-10-22-short-UniversityA-tracking.tar', (bytes) =>
    bytes.subarray(0, bytes.indexOf(`${SECOND}.gpg`) + 200),
  );
  const data = freshData();
  const run = await load(data, [cut]);
  expect(run.status).toBe(1);
  expect(run.said).toContain('2013-10-22-short-UniversityA-tracking.tar');
  expect(await learners(data)).toEqual(learnersFrom(1, 3));
  expect((await load(data, [tar])).status).toBe(0);
  expect(await learners(data)).toEqual(learnersFrom(1, 6));
});

test('of a tar cut before its closing blocks, all is loaded and the tar is named', async () => {
  const { packages, load, learners, freshData } = bound();
  const tar = await packages.tar(TAR, { [FIRST]: logLines(1, 3) });
  const cut = await packages.edited(tar, '2013-10-22-open-UniversityA-tracking.tar', (bytes) => {
    const size = Number.parseInt(bytes.toString('latin1', 124, 135), 8);
    return bytes.subarray(0, 512 + Math.ceil(size / 512) * 512);
  });
  const data = freshData();
  const run = await load(data, [cut]);
  expect(run.said).toContain('2013-10-22-open-UniversityA-tracking.tar');
  expect(await learners(data)).toEqual(learnersFrom(1, 3));
});

test('a tar with a damaged header is named; what stands before it is loaded', async () => {
  const { packages, load, learners, freshData } = bound();
  const tar = await packages.tar(TAR, { [FIRST]: logLines(1, 3), [SECOND]: logLines(4, 6) });
  const damaged = await packages.edited(tar, '2013-10-22-bad-UniversityA-tracking.tar', (bytes) => {
    const at = bytes.indexOf(`${SECOND}.gpg`);
    bytes[at + 3] = 0x7a;
    return bytes;
  });
  const data = freshData();
  const run = await load(data, [damaged]);
  expect(run.status).toBe(1);
  expect(run.said).toContain('2013-10-22-bad-UniversityA-tracking.tar');
  expect(await learners(data)).toEqual(learnersFrom(1, 3));
});

test('a zip whose directory is damaged is named, and the tar beside it is loaded', async () => {
  const { packages, load, learners, freshData } = bound();
  const tar = await packages.tar(TAR, { [FIRST]: logLines(1, 3) });
  const zip = await packages.zip('universitya-2013-10-22.zip', { [ENROLMENT]: ENROLMENT_ROWS });
  const damaged = await packages.edited(zip, 'damaged-2013-10-22.zip', (bytes) => {
    const directory = bytes.indexOf('PK\u0001\u0002', 0, 'latin1');
    bytes.fill(0xff, directory, directory + 20);
    return bytes;
  });
  const cut = await packages.edited(zip, 'cut-2013-10-22.zip', (bytes) =>
    bytes.subarray(0, bytes.length - 60),
  );
  const data = freshData();
  const run = await load(data, [tar, damaged, cut]);
  expect(run.status).toBe(1);
  expect(run.said).toContain('damaged-2013-10-22.zip');
  expect(run.said).toContain('cut-2013-10-22.zip');
  expect(await learners(data)).toEqual(learnersFrom(1, 3));
  expect((await load(data, [tar, zip])).status).toBe(0);
  expect(await rowsOf(data, 'SELECT user_id FROM student_courseenrollment')).toHaveLength(1);
});

test('a zip with names that lead out of it writes nothing outside of the data directory', async () => {
  const { packages, load, freshData } = bound();
  const message = await packages.encrypt(ENROLMENT_ROWS);
  const zip = packages.place('universitya-2013-10-22.zip');
  await storedZip(zip, [
    { name: `${ENROLMENT}.gpg`, bytes: message },
    { name: `../../../escaped/${ENROLMENT}.gpg`, bytes: message },
    { name: `/absolute-escape/${ENROLMENT}.gpg`, bytes: message },
  ]);
  const data = freshData();
  const before = await readdir(path.dirname(packages.directory));
  const run = await load(data, [zip]);
  expect([0, 1]).toContain(run.status);
  expect(run.said).toContain('../../../escaped/');
  const after = await readdir(path.dirname(packages.directory));
  expect(after.filter((name) => !before.includes(name) && name.includes('escape'))).toEqual([]);
  await expect(stat('/absolute-escape')).rejects.toThrow();
  expect(await rowsOf(data, 'SELECT user_id FROM student_courseenrollment')).toHaveLength(1);
});

test('members that swell a thousandfold are refused or loaded within bounded memory', async () => {
  const { packages, load, freshData } = bound();
  const swollen = Buffer.alloc(600 * 2 ** 20);
  const bomb = deflateRawSync(swollen, { level: 6 });
  const wide = await packages.encrypt(Buffer.concat([Buffer.from(ENROLMENT_ROWS), swollen]));
  const zip = packages.place('universitya-2013-10-22.zip');
  await storedZip(zip, [
    { name: `${ENROLMENT}.gpg`, bytes: await packages.encrypt(ENROLMENT_ROWS) },
    {
      name: 'UniversityA-CS1-2013_Fall-auth_user-prod-analytics.sql.gpg',
      bytes: bomb,
      deflatedFrom: swollen,
    },
    {
      name: 'UniversityA-BIO2-2013_Fall-student_courseenrollment-prod-analytics.sql.gpg',
      bytes: wide,
    },
  ]);
  const data = freshData();
  const running = start(['load', zip, '--key', packages.keyFile, '--data', data]);
  const peak = peakMemoryOf(running.child);
  const run = await running.ended;
  expect(run.status).toBe(1);
  expect(run.said).toContain('auth_user');
  expect(await rowsOf(data, 'SELECT user_id FROM student_courseenrollment')).toHaveLength(2);
  const rejected = await rowsOf(data, 'SELECT reason, length(raw) AS bytes FROM rejected_rows');
  expect(rejected).toEqual([{ reason: 'row-too-long', bytes: String(64 * 1024) }]);
  // Linux tells; elsewhere the peak is 0. The two members hold 600 MiB each.
  expect(await peak).toBeLessThan(1.2 * 2 ** 30);
  await expect(load(data, [zip])).resolves.toMatchObject({ status: 1 });
});

test('a log file that swells a thousandfold is loaded within bounded memory', async () => {
  const { packages, freshData } = bound();
  const spaces = Buffer.alloc(700 * 2 ** 20, ' ');
  const tar = await packages.tar(TAR, {
    [FIRST]: Buffer.concat([
      Buffer.from(logLines(1, 2)),
      spaces,
      Buffer.from(`\n${logLines(3, 3)}`),
    ]),
  });
  const data = freshData();
  const running = start(['load', tar, '--key', packages.keyFile, '--data', data]);
  const peak = peakMemoryOf(running.child);
  await running.ended;
  const rows = await rowsOf(
    data,
    'SELECT lines, events, rejected + blank AS others FROM log_files',
  );
  expect(rows).toEqual([{ lines: '4', events: '3', others: '1' }]);
  expect(await peak).toBeLessThan(1.2 * 2 ** 30);
});

test('names say little: a tar and a zip under wrong names are taken for what they are', async () => {
  const { packages, load, learners, freshData } = bound();
  const tar = await packages.tar('logs-of-october', { [FIRST]: logLines(1, 3) });
  const zip = await packages.zip('tables.bin', {
    [`universitya-2013-10-22/${ENROLMENT}`]: ENROLMENT_ROWS,
  });
  const data = freshData();
  const run = await load(data, [tar, zip]);
  expect({ status: run.status, said: run.said }).toMatchObject({ status: 0 });
  expect(await learners(data)).toEqual(learnersFrom(1, 3));
});

test('an empty package and one that is none are named with what to give', async () => {
  const { packages, load, freshData } = bound();
  const tar = await packages.tar(TAR, { [FIRST]: logLines(1, 3) });
  const empty = await packages.edited(tar, '2013-10-29-UniversityA-tracking.tar', () =>
    Buffer.alloc(0),
  );
  const text = await packages.edited(tar, 'readme.tar', () =>
    Buffer.from('Dear data czar,\n'.repeat(99)),
  );
  const run = await load(freshData(), [tar, empty, text]);
  expect(run.status).toBe(1);
  expect(run.said).toContain('2013-10-29-UniversityA-tracking.tar');
  expect(run.said).toContain('readme.tar');
  const absent = await load(freshData(), [packages.place('absent.tar')]);
  expect(absent.status).toBe(2);
  expect(absent.said).toContain('absent.tar');
});

test('a package that gets shorter after it was indexed fails by name, not by a crash', async () => {
  const { packages, freshData, learners } = bound();
  const tar = await packages.tar(TAR, { [FIRST]: logLines(1, 3), [SECOND]: logLines(100, 9000) });
  const data = freshData();
  const size = (await stat(tar)).size;
  const run = start(['load', tar, '--key', packages.keyFile, '--data', data]);
  await truncate(tar, size >> 1);
  const { status } = await run.ended;
  expect([1, 2, 3]).toContain(status);
  const found = status === 1 ? await learners(data) : [];
  expect(found.filter((name) => name === 'learner9000')).toEqual([]);
});

function bound() {
  const own = bench();
  return {
    packages: own.packages,
    freshData: () => own.freshData(),
    load: own.load.bind(own),
    learners: own.learners.bind(own),
  };
}
