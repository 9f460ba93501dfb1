/**
 * Packages of the test profile, opened with tar and gpg and counted by a naive reader of its own,
 * against what the generator says in expected.json.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ExpectedPackage } from './expected.js';
import { generatePackages } from './generate-packages.js';
import { PROFILES } from './profile.js';
import { type CourseCount, naiveCount, naiveCourses, parseLine } from './testing/naive-reader.js';
import { openPackages } from './testing/open-packages.js';
import { canOpen, type OpenedArchive, openArchive } from './testing/opened-archive.js';

if (!canOpen) {
  console.warn('Not run, because gpg or tar is not installed: generate-packages.test.ts');
}

let archive: OpenedArchive;

beforeAll(async () => {
  archive = await openArchive();
});

afterAll(async () => {
  await archive[Symbol.asyncDispose]();
});

function eachFile(): { date: string; file: ExpectedPackage['files'][number] }[] {
  return archive.expected.packages.flatMap(({ date, files }) =>
    files.map((file) => ({ date, file })),
  );
}

test.skipIf(!canOpen)('counts of every log file agree with a naive reader of gpg output', () => {
  for (const { date, file } of eachFile()) {
    const counted = naiveCount(archive.logFile(date, file.member), file.logDate);
    const { lines, events, rejected, blank, late, courseEvents } = file;
    expect({ member: file.member, ...counted }).toEqual({
      member: file.member,
      ...{ lines, events, rejected, blank, late, courses: courseEvents },
    });
  }
});

test.skipIf(!canOpen)(
  'learners, first and last event of a course agree with a naive reader',
  () => {
    for (const { date, files, courses } of archive.expected.packages) {
      const counted = new Map<string, CourseCount>();
      for (const { member } of files) naiveCourses(archive.logFile(date, member), counted);
      expect(courses.map(({ courseId }) => courseId).sort()).toEqual([...counted.keys()].sort());
      for (const { courseId, learners, firstTime, lastTime } of courses) {
        const course = counted.get(courseId);
        expect({
          learners,
          first: Date.parse(firstTime ?? ''),
          last: Date.parse(lastTime ?? ''),
        }).toEqual({
          learners: course?.learners.size,
          first: course?.firstMs,
          last: course?.lastMs,
        });
      }
    }
  },
);

test.skipIf(!canOpen)('masked counts are the lines with a password in a form', () => {
  for (const { date, files } of archive.expected.packages) {
    for (const { member, maskedEvents, maskedRejected } of files) {
      const lines = archive.logFile(date, member).toString('latin1').split('\n');
      const found = lines.filter((line) => /password\d?\\": \[\\"/.test(line)).length;
      expect(`${member} ${found}`).toBe(`${member} ${maskedEvents + maskedRejected}`);
    }
  }
});

test.skipIf(!canOpen)('every member of a tar is expected, and the other way round', () => {
  for (const { date, files } of archive.expected.packages) {
    const delivered = archive.membersOf(date).filter((name) => name.startsWith('UniversityA/'));
    expect(delivered.map((name) => `${name}.gpg`).sort()).toEqual(
      files.map((file) => file.member).sort(),
    );
  }
});

test.skipIf(!canOpen)('a partial last day is a proper prefix of what comes a week later', () => {
  const [first, second] = archive.expected.packages;
  const partials = first?.files.filter((file) => file.partialEnd !== null) ?? [];
  expect(partials.map((file) => file.partialEnd)).toContain('inside-line');
  for (const { member } of partials) {
    const early = archive.logFile(first?.date ?? '', member);
    const whole = archive.logFile(second?.date ?? '', member);
    expect(whole.subarray(0, early.length).equals(early), member).toBe(true);
    expect(whole.length).toBeGreaterThan(early.length);
  }
});

test.skipIf(!canOpen)(
  'the same seed gives the same plaintext and the same expected.json',
  async () => {
    const { czarSecret, masterSecret, passphrase } = archive.generated.keys;
    const again = await generatePackages(path.join(archive.directory, 'two'), {
      ...PROFILES.test,
      keyFiles: { czarSecret, masterSecret, passphrase },
    });
    const { profile: _, ...counts } = JSON.parse(await readFile(again.expectedPath, 'utf8'));
    const { profile: __, ...before } = archive.expected;
    expect(counts).toEqual(before);
    for (const { date, tarPath, zipPath } of again.packages) {
      for (const [name, bytes] of await openPackages([tarPath, zipPath], masterSecret)) {
        expect(bytes.equals(archive.logFile(date, name)), name).toBe(true);
      }
    }
  },
);

test('the test profile writes every odd shape, masked lines, late events and blank lines', () => {
  const absent = Object.entries(archive.expected.oddShapes).filter(([, count]) => count === 0);
  expect(absent).toEqual([]);
  const totals = archive.expected.packages.at(-1)?.totals;
  expect(totals?.late).toBeGreaterThan(0);
  expect(totals?.maskedEvents).toBeGreaterThan(0);
  expect(totals?.maskedRejected).toBeGreaterThan(0);
  expect(totals?.blank).toBeGreaterThan(0);
});

test('a log file that did not change is delivered with the same ciphertext', async () => {
  const [first, second] = await Promise.all(
    archive.generated.packages.map(({ tarPath }) => readFile(tarPath)),
  );
  // The first member of the tar is a whole day: its content begins after three 512-byte headers
  // (two directories and the file), so the same 4 KiB stand in both tars.
  expect(first?.subarray(1536, 5632).equals(second?.subarray(1536, 5632) ?? Buffer.alloc(0))).toBe(
    true,
  );
});

test.skipIf(!canOpen)(
  'log files are not sorted, and midnight lies in the file of a neighbour',
  () => {
    const { date = '', files = [] } = archive.expected.packages.at(-1) ?? {};
    let descents = 0;
    let neighbours = 0;
    for (const { member, logDate } of files) {
      let before = '';
      for (const line of archive.logFile(date, member).toString('latin1').split('\n')) {
        const event = parseLine(line);
        if (typeof event?.time !== 'string') continue;
        if (event.time.slice(0, 10) < logDate && event.time.includes('T23:5')) neighbours++;
        // Browser events carry the time at which they were written, so a step back is a stretch
        // that was written out of order and not an odd time.
        if (event.event_source !== 'browser') continue;
        if (event.time < before) descents++;
        before = event.time;
      }
    }
    expect(descents).toBeGreaterThan(0);
    expect(neighbours).toBeGreaterThan(0);
  },
);

test.skipIf(!canOpen)(
  'everything encrypted again: other ciphertext, the same log files',
  async () => {
    const { czarSecret, masterSecret, passphrase } = archive.generated.keys;
    const again = await generatePackages(path.join(archive.directory, 'again'), {
      ...PROFILES.test,
      reencrypt: true,
      keyFiles: { czarSecret, masterSecret, passphrase },
    });
    const [first, second] = again.packages;
    const ciphertexts = [];
    for (const { tarPath } of [first, second].filter((one) => one !== undefined)) {
      ciphertexts.push((await readFile(tarPath)).subarray(1536, 5632));
    }
    expect(ciphertexts[0]?.equals(ciphertexts[1] ?? Buffer.alloc(0))).toBe(false);
    const opened = await openPackages([second?.tarPath ?? ''], masterSecret);
    expect(opened.size).toBe(archive.expected.packages[1]?.files.length);
    for (const [name, bytes] of opened) {
      expect(bytes.equals(archive.logFile(second?.date ?? '', name)), name).toBe(true);
    }
  },
);

test('a target that is a file is an outside fault that names it', async () => {
  const fault = generatePackages(archive.generated.expectedPath, PROFILES.test);
  await expect(fault).rejects.toMatchObject({ code: 'TARGET_UNWRITABLE' });
  await expect(fault).rejects.toThrow(archive.generated.expectedPath);
});

test('a stop leaves no spool directory behind', async () => {
  const target = path.join(archive.directory, 'stopped');
  const stop = new AbortController();
  const running = generatePackages(target, PROFILES.demo, {
    signal: stop.signal,
    onProgress: () => stop.abort(),
  });
  await expect(running).rejects.toThrow();
  expect(await readdir(target)).toEqual(['keys']);
});
