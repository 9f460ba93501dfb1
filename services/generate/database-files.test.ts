/** The database files of the test profile, opened with gpg, against expected.json and the logs. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOfDate } from './calendar.js';
import { makeCourses } from './course-outline.js';
import { PROFILES } from './profile.js';
import { membersOf, parseLine } from './testing/naive-reader.js';
import { canOpen, type OpenedArchive, openArchive } from './testing/opened-archive.js';

if (!canOpen) {
  console.warn('Not run, because gpg or tar is not installed: database-files.test.ts');
}

let archive: OpenedArchive;

beforeAll(async () => {
  archive = await openArchive();
});

afterAll(async () => {
  await archive[Symbol.asyncDispose]();
});

test.skipIf(!canOpen)('rows of every database file agree with its lines', () => {
  for (const { date, databaseFiles } of archive.expected.packages) {
    for (const { member, rows, table } of databaseFiles) {
      const text = archive.databaseFile(date, member);
      const lines = text.split('\n').length - 1;
      expect(`${member} ${lines - (table === 'forum' ? 0 : 1)}`).toBe(`${member} ${rows}`);
    }
  }
});

test.skipIf(!canOpen)('each snapshot has all eight file types and one that failed at edX', () => {
  for (const { date, databaseFiles, failedMembers } of archive.expected.packages) {
    expect(new Set(databaseFiles.map((file) => file.table)).size).toBe(8);
    expect(databaseFiles.some((file) => file.rows === 0)).toBe(true);
    const [failed] = failedMembers;
    expect(archive.databaseFile(date, failed ?? '')).toMatch(/^Traceback/);
  }
});

test.skipIf(!canOpen)('module states are those of the last problem_check in the logs', () => {
  for (const { date, files, databaseFiles } of archive.expected.packages) {
    const last = new Map<string, { attempts: number; grade: number; time: string }>();
    for (const { member } of files) {
      for (const line of archive.logFile(date, member).toString('latin1').split('\n')) {
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
      const text = archive.databaseFile(date, member);
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

test.skipIf(!canOpen)('a certificate says what the module states add up to', () => {
  const { date = '', databaseFiles = [] } = archive.expected.packages.at(-1) ?? {};
  const rowsOf = (table: string) => {
    const file = databaseFiles.find(
      (candidate) =>
        candidate.table === table &&
        candidate.site === 'prod' &&
        candidate.member.includes('PH101'),
    );
    const text = archive.databaseFile(date, file?.member ?? '');
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
  const { seed, organization, firstDay, days } = PROFILES.test;
  const startUs = startOfDate(firstDay);
  const [course] = makeCourses({ seed, organization, site: 'prod', count: 1, startUs, days });
  const possible = course?.problems.reduce((sum, problem) => sum + problem.inputs, 0) ?? 0;
  for (const [, userId = '', , grade, , , , status] of certificates) {
    const earned = (points.get(userId) ?? 0) / possible;
    expect(grade).toBe(earned.toFixed(2));
    expect(status).toBe(earned >= 0.5 ? 'downloadable' : 'notpassing');
  }
});
