/**
 * Generated packages in a data directory, loaded by the built program, beside what a naive reader makes of
 * the newest of them: for tests of what reads a warehouse.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generatePackages } from '../../services/generate/generate-packages.js';
import { PROFILES } from '../../services/generate/profile.js';
import { edxstream } from './edxstream.js';
import { coursesOf, naiveEvents, naiveReplay } from './naive-events.js';
import type { OracleEvent } from './oracle.js';

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
    const { czarSecret, passphrase } = generated.keys;
    const last = generated.packages.at(-1);
    if (last === undefined) throw new Error('There are no packages.');
    const events = await naiveEvents(generated);
    const keys = ['--key', czarSecret, '--passphrase-file', passphrase];
    const loading = ['load', last.tarPath, ...keys, '--rejects-max', '100%'];
    const run = await edxstream([...loading, '--data', data]);
    if (run.status !== 0) throw new Error(`The load ended with ${run.said}`);
    return new LoadedPackages({ directory, data, loading, events });
  }

  /** Courses by how many events they have, most first. */
  courses(): readonly string[] {
    return coursesOf(this.events);
  }

  /** The events of these courses, naively sorted. */
  replayOf(...courses: readonly string[]): readonly OracleEvent[] {
    return naiveReplay(this.events, courses);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
