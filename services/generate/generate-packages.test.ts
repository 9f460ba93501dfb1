/**
 * Packages of the test profile, opened with tar and gpg and counted by a naive reader of its own,
 * against what the generator says in expected.json.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Expected, ExpectedPackage } from './expected.js';
import { type GeneratedPackages, generatePackages } from './generate-packages.js';
import { PROFILES } from './profile.js';
import {
  type CourseCount,
  membersOf,
  naiveCount,
  naiveCourses,
  parseLine,
} from './testing/naive-reader.js';
import { openPackages } from './testing/open-packages.js';

const canOpen = ['gpg', 'tar'].every((tool) => spawnSync(tool, ['--version']).status === 0);
if (!canOpen) {
  console.warn('Not run, because gpg or tar is not installed: generate-packages.test.ts');
}

let directory: string;
let generated: GeneratedPackages;
let expected: Expected;
/** Plaintext by `<package date>/<member without .gpg>`, of tars and zips. */
const plain = new Map<string, Buffer>();

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'edxstream-'));
  generated = await generatePackages(path.join(directory, 'one'), PROFILES.test);
  expected = JSON.parse(await readFile(generated.expectedPath, 'utf8'));
  if (!canOpen) return;
  for (const { date, tarPath, zipPath } of generated.packages) {
    const opened = await openPackages([tarPath, zipPath], generated.keys.masterSecret);
    for (const [name, bytes] of opened) plain.set(`${date}/${name}`, bytes);
  }
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

function logFile(date: string, member: string): Buffer {
  return plain.get(`${date}/${member.replace(/\.gpg$/, '')}`) ?? Buffer.from('absent');
}

function eachFile(): { date: string; file: ExpectedPackage['files'][number] }[] {
  return expected.packages.flatMap(({ date, files }) => files.map((file) => ({ date, file })));
}

test.skipIf(!canOpen)('counts of every log file agree with a naive reader of gpg output', () => {
  for (const { date, file } of eachFile()) {
    const counted = naiveCount(logFile(date, file.member), file.logDate);
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
    for (const { date, files, courses } of expected.packages) {
      const counted = new Map<string, CourseCount>();
      for (const { member } of files) naiveCourses(logFile(date, member), counted);
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
  for (const { date, files } of expected.packages) {
    for (const { member, maskedEvents, maskedRejected } of files) {
      const lines = logFile(date, member).toString('latin1').split('\n');
      const found = lines.filter((line) => /password\d?\\": \[\\"/.test(line)).length;
      expect(`${member} ${found}`).toBe(`${member} ${maskedEvents + maskedRejected}`);
    }
  }
});

test.skipIf(!canOpen)('every member of a tar is expected, and the other way round', () => {
  for (const { date, files } of expected.packages) {
    const delivered = [...plain.keys()].filter((name) => name.startsWith(`${date}/UniversityA/`));
    expect(delivered.map((name) => `${name.slice(date.length + 1)}.gpg`).sort()).toEqual(
      files.map((file) => file.member).sort(),
    );
  }
});

test.skipIf(!canOpen)('a partial last day is a proper prefix of what comes a week later', () => {
  const [first, second] = expected.packages;
  const partials = first?.files.filter((file) => file.partialEnd !== null) ?? [];
  expect(partials.map((file) => file.partialEnd)).toContain('inside-line');
  for (const { member } of partials) {
    const early = logFile(first?.date ?? '', member);
    const whole = logFile(second?.date ?? '', member);
    expect(whole.subarray(0, early.length).equals(early), member).toBe(true);
    expect(whole.length).toBeGreaterThan(early.length);
  }
});

test.skipIf(!canOpen)('rows of every database file agree with its lines', () => {
  for (const { date, databaseFiles } of expected.packages) {
    for (const { member, rows, table } of databaseFiles) {
      const text = logFile(date, `universitya-${date}/${member}`).toString('utf8');
      const lines = text.split('\n').length - 1;
      expect(`${member} ${lines - (table === 'forum' ? 0 : 1)}`).toBe(`${member} ${rows}`);
    }
  }
});

test.skipIf(!canOpen)('each snapshot has all eight file types and one that failed at edX', () => {
  for (const { date, databaseFiles, failedMembers } of expected.packages) {
    expect(new Set(databaseFiles.map((file) => file.table)).size).toBe(8);
    expect(databaseFiles.some((file) => file.rows === 0)).toBe(true);
    const [failed] = failedMembers;
    expect(logFile(date, `universitya-${date}/${failed}`).toString()).toMatch(/^Traceback/);
  }
});

test.skipIf(!canOpen)('module states are those of the last problem_check in the logs', () => {
  for (const { date, files, databaseFiles } of expected.packages) {
    const last = new Map<string, { attempts: number; grade: number; time: string }>();
    for (const { member } of files) {
      for (const line of logFile(date, member).toString('latin1').split('\n')) {
        if (!line.includes('"event_type": "problem_check"')) continue;
        const event = parseLine(line);
        if (event?.event_source !== 'server') continue;
        const { attempts, grade, problem_id } = membersOf(event.event);
        const key = `${member.includes('edge')} ${membersOf(event.context).user_id} ${problem_id}`;
        const time = String(event.time);
        if ((last.get(key)?.time ?? '') > time) continue;
        last.set(key, { attempts: Number(attempts), grade: Number(grade), time });
      }
    }
    expect(last.size).toBeGreaterThan(10);
    let compared = 0;
    for (const { member, table, site } of databaseFiles) {
      if (table !== 'courseware_studentmodule') continue;
      const text = logFile(date, `universitya-${date}/${member}`).toString('utf8');
      for (const row of text.split('\n').slice(1)) {
        const [, type, moduleId, studentId, state, grade] = row.split('\t');
        if (type !== 'problem' || grade === 'NULL') continue;
        const parsed = JSON.parse((state ?? '').replaceAll('\\\\', '\\'));
        const logged = last.get(`${site === 'edge'} ${studentId} ${moduleId}`);
        expect({ attempts: parsed.attempts, grade: Number(grade) }).toEqual({
          attempts: logged?.attempts,
          grade: logged?.grade,
        });
        compared++;
      }
    }
    expect(compared).toBe(last.size);
  }
});

test.skipIf(!canOpen)(
  'the same seed gives the same plaintext and the same expected.json',
  async () => {
    const { czarSecret, masterSecret, passphrase } = generated.keys;
    const again = await generatePackages(path.join(directory, 'two'), {
      ...PROFILES.test,
      keyFiles: { czarSecret, masterSecret, passphrase },
    });
    const { profile: _, ...counts } = JSON.parse(await readFile(again.expectedPath, 'utf8'));
    const { profile: __, ...before } = expected;
    expect(counts).toEqual(before);
    for (const { date, tarPath, zipPath } of again.packages) {
      for (const [name, bytes] of await openPackages([tarPath, zipPath], masterSecret)) {
        expect(bytes.equals(logFile(date, name)), name).toBe(true);
      }
    }
  },
);

test('the test profile writes every odd shape, masked lines, late events and blank lines', () => {
  const absent = Object.entries(expected.oddShapes).filter(([, count]) => count === 0);
  expect(absent).toEqual([]);
  const totals = expected.packages.at(-1)?.totals;
  expect(totals?.late).toBeGreaterThan(0);
  expect(totals?.maskedEvents).toBeGreaterThan(0);
  expect(totals?.maskedRejected).toBeGreaterThan(0);
  expect(totals?.blank).toBeGreaterThan(0);
});

test('a log file that did not change is delivered with the same ciphertext', async () => {
  const [first, second] = await Promise.all(
    generated.packages.map(({ tarPath }) => readFile(tarPath)),
  );
  // The first member of the tar is a whole day: its content begins after four 512-byte headers
  // (two directories and the file), so the same 4 KiB stand in both tars.
  expect(first?.subarray(1536, 5632).equals(second?.subarray(1536, 5632) ?? Buffer.alloc(0))).toBe(
    true,
  );
});

test.skipIf(!canOpen)('a certificate says what the module states add up to', () => {
  const { date = '', databaseFiles = [] } = expected.packages.at(-1) ?? {};
  const rowsOf = (table: string) => {
    const file = databaseFiles.find(
      (candidate) =>
        candidate.table === table &&
        candidate.site === 'prod' &&
        candidate.member.includes('PH101'),
    );
    const text = logFile(date, `universitya-${date}/${file?.member}`).toString('utf8');
    return text
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((row) => row.split('\t'));
  };
  const points = new Map<string, number>();
  for (const [, type, , studentId = '', , grade] of rowsOf('courseware_studentmodule')) {
    if (type !== 'problem' || grade === 'NULL') continue;
    points.set(studentId, (points.get(studentId) ?? 0) + Number(grade));
  }
  const certificates = rowsOf('certificates_generatedcertificate');
  expect(certificates.length).toBeGreaterThan(3);
  // Grades are points over one number, so learners with equal grades have about equal points.
  const possible = certificates.map(([, userId = '', , grade]) => ({
    points: points.get(userId) ?? 0,
    grade: Number(grade),
  }));
  const best = possible.reduce((one, other) => (one.grade > other.grade ? one : other));
  const scale = best.grade / best.points;
  for (const one of possible) expect(Math.abs(one.points * scale - one.grade)).toBeLessThan(0.02);
});

test.skipIf(!canOpen)(
  'log files are not sorted, and midnight lies in the file of a neighbour',
  () => {
    const { date = '', files = [] } = expected.packages.at(-1) ?? {};
    let descents = 0;
    let neighbours = 0;
    for (const { member, logDate } of files) {
      let before = '';
      for (const line of logFile(date, member).toString('latin1').split('\n')) {
        const event = parseLine(line);
        if (typeof event?.time !== 'string' || !event.time.startsWith('2013')) continue;
        if (event.time < before) descents++;
        if (event.time.slice(0, 10) < logDate && event.time.includes('T23:5')) neighbours++;
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
    const { czarSecret, masterSecret, passphrase } = generated.keys;
    const again = await generatePackages(path.join(directory, 'again'), {
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
    expect(opened.size).toBe(expected.packages[1]?.files.length);
    for (const [name, bytes] of opened) {
      expect(bytes.equals(logFile(second?.date ?? '', name)), name).toBe(true);
    }
  },
);

test('a target that is a file is an outside fault that names it', async () => {
  const fault = generatePackages(generated.expectedPath, PROFILES.test);
  await expect(fault).rejects.toMatchObject({ code: 'TARGET_UNWRITABLE' });
  await expect(fault).rejects.toThrow(generated.expectedPath);
});

test('a stop leaves no spool directory behind', async () => {
  const target = path.join(directory, 'stopped');
  const stop = new AbortController();
  const running = generatePackages(target, PROFILES.demo, {
    signal: stop.signal,
    onProgress: () => stop.abort(),
  });
  await expect(running).rejects.toThrow();
  expect(await readdir(target)).toEqual(['keys']);
});
