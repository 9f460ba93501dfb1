/**
 * Generated packages in a data directory, loaded by the built program, beside what a naive reader makes of
 * the newest of them: for tests of what reads a warehouse.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Expected } from '../../services/generate/expected.js';
import { generatePackages } from '../../services/generate/generate-packages.js';
import { PROFILES } from '../../services/generate/profile.js';
import { openPackages } from '../../services/generate/testing/open-packages.js';
import { edxstream } from './edxstream.js';
import { byIdentity, isEvent, type OracleEvent, readLogFile } from './oracle.js';

export class LoadedPackages implements AsyncDisposable {
  readonly directory: string;
  readonly data: string;
  /** The load of the newest package, but for where to. */
  readonly loading: readonly string[];
  /** All events, in no order. */
  readonly events: readonly OracleEvent[];

  private constructor(parts: Pick<LoadedPackages, 'directory' | 'data' | 'loading' | 'events'>) {
    this.directory = parts.directory;
    this.data = parts.data;
    this.loading = parts.loading;
    this.events = parts.events;
  }

  static async open(): Promise<LoadedPackages> {
    const directory = await mkdtemp(path.join(tmpdir(), 'edxstream-test-'));
    const data = path.join(directory, 'data');
    const generated = await generatePackages(path.join(directory, 'packages'), PROFILES.test);
    const { czarSecret, passphrase, masterSecret } = generated.keys;
    const expected: Expected = JSON.parse(await readFile(generated.expectedPath, 'utf8'));
    const files = expected.packages.at(-1)?.files ?? [];
    const last = generated.packages.at(-1);
    if (last === undefined) throw new Error('There are no packages.');
    const plain = await openPackages([last.tarPath], masterSecret);
    const events = files.flatMap((file) => {
      const bytes = plain.get(file.member.replace(/\.gpg$/, ''));
      if (bytes === undefined) throw new Error(`${file.member} was not decrypted.`);
      return readLogFile(bytes, file).filter(isEvent);
    });
    const keys = ['--key', czarSecret, '--passphrase-file', passphrase];
    const loading = ['load', last.tarPath, ...keys, '--rejects-max', '100%'];
    const run = await edxstream([...loading, '--data', data]);
    if (run.status !== 0) throw new Error(`The load ended with ${run.said}`);
    return new LoadedPackages({ directory, data, loading, events });
  }

  /** Courses by how many events they have, most first. */
  courses(): readonly string[] {
    const counts = new Map<string, number>();
    for (const { courseId } of this.events) {
      const course = courseId.toString();
      if (course !== '') counts.set(course, (counts.get(course) ?? 0) + 1);
    }
    return [...counts].toSorted(([, a], [, b]) => b - a).map(([course]) => course);
  }

  /** The events of these courses, naively sorted. */
  replayOf(...courses: readonly string[]): readonly OracleEvent[] {
    return this.events
      .filter(({ courseId }) => courses.includes(courseId.toString()))
      .toSorted((a, b) =>
        a.timeUs === b.timeUs ? byIdentity(a, b) : a.timeUs < b.timeUs ? -1 : 1,
      );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
