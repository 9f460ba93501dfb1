/** What a naive reader makes of generated packages: the events of the newest, and the order of a replay of them. */
import { readFile } from 'node:fs/promises';
import type { Expected } from '../../services/generate/expected.js';
import type { generatePackages } from '../../services/generate/generate-packages.js';
import { openPackages } from '../../services/generate/testing/open-packages.js';
import { byIdentity, isEvent, type OracleEvent, readLogFile } from './oracle.js';

type Generated = Awaited<ReturnType<typeof generatePackages>>;

/** All events of the newest package, opened with gpg and tar, in no order. */
export async function naiveEvents(generated: Generated): Promise<readonly OracleEvent[]> {
  const files = await logFilesOf(generated);
  const last = generated.packages.at(-1);
  if (last === undefined) throw new Error('There are no packages.');
  const plain = await openPackages([last.tarPath], generated.keys.masterSecret);
  return files.flatMap((file) => {
    const bytes = plain.get(file.member.replace(/\.gpg$/, ''));
    if (bytes === undefined) throw new Error(`${file.member} was not decrypted.`);
    return readLogFile(bytes, file).filter(isEvent);
  });
}

/** The log files of the newest package, as who made them says. */
export async function logFilesOf({ expectedPath }: Generated) {
  const expected: Expected = JSON.parse(await readFile(expectedPath, 'utf8'));
  return expected.packages.at(-1)?.files ?? [];
}

/** Courses by how many events they have, most first. */
export function coursesOf(events: readonly OracleEvent[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { courseId } of events) {
    const course = courseId.toString();
    if (course !== '') counts.set(course, (counts.get(course) ?? 0) + 1);
  }
  return [...counts].toSorted(([, a], [, b]) => b - a).map(([course]) => course);
}

/** The events of these courses, naively sorted. */
export function naiveReplay(
  events: readonly OracleEvent[],
  courses: readonly string[],
): readonly OracleEvent[] {
  return events
    .filter(({ courseId }) => courses.includes(courseId.toString()))
    .toSorted((a, b) => (a.timeUs === b.timeUs ? byIdentity(a, b) : a.timeUs < b.timeUs ? -1 : 1));
}
