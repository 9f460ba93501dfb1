/**
 * Two weeks that take some seconds to load, for the tests of faults: a directory with the first week
 * loaded, to start from, and the checksums of both loaded without any fault, to come to.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { vi } from 'vitest';
import { generatePackages } from '../../services/generate/generate-packages.js';
import { PROFILES } from '../../services/generate/profile.js';
import { checksums } from './checksums.js';
import {
  type Asked,
  type Place,
  type Run,
  type Running,
  type RunOptions,
  rowsOf,
  start,
} from './edxstream.js';

// Each test loads two weeks several times, and the machine may have other work.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

export class TwoWeeks implements AsyncDisposable {
  readonly directory: string;
  /** What every load must come to, whatever was in its way. */
  readonly checksums: readonly string[];
  /** How long the second week took without a fault, the start of the process included. */
  readonly secondWeekMs: number;
  /** The part of it behind the record `begin`. */
  readonly loadingMs: number;
  readonly #weeks: readonly (readonly string[])[];
  readonly #keys: readonly string[];
  #places = 0;

  private constructor(parts: {
    readonly directory: string;
    readonly weeks: readonly (readonly string[])[];
    readonly keys: readonly string[];
    readonly checksums: readonly string[];
    readonly secondWeekMs: number;
    readonly loadingMs: number;
  }) {
    this.directory = parts.directory;
    this.#weeks = parts.weeks;
    this.#keys = parts.keys;
    this.checksums = parts.checksums;
    this.secondWeekMs = parts.secondWeekMs;
    this.loadingMs = parts.loadingMs;
  }

  /** Loads of fewer events a day take less long, and have fewer moments for a fault to fall into. */
  static async open({ eventsPerDay = 9000 } = {}): Promise<TwoWeeks> {
    const directory = await mkdtemp(path.join(tmpdir(), 'edxstream-test-'));
    const { packages, keys } = await generatePackages(path.join(directory, 'packages'), {
      ...PROFILES.test,
      eventsPerDay,
      learners: 700,
    });
    const weeks = packages.map(({ tarPath, zipPath }) => [tarPath, zipPath]);
    const access = ['--key', keys.czarSecret, '--passphrase-file', keys.passphrase];
    const bare = { directory, weeks, keys: access, checksums: [], secondWeekMs: 0, loadingMs: 0 };
    const unknown = new TwoWeeks(bare);
    const first = path.join(directory, 'first-week');
    await unknown.load(first, [0]).ended;
    const whole = await unknown.withFirstWeek();
    const startedMs = performance.now();
    const running = unknown.load(whole, [1]);
    await untilBegun(running);
    const begunMs = performance.now();
    const run = await running.ended;
    const endedMs = performance.now();
    if (run.status !== 1) throw new Error(`The undisturbed load ended with ${run.said}`);
    return new TwoWeeks({
      ...bare,
      checksums: await checksums(whole),
      secondWeekMs: endedMs - startedMs,
      loadingMs: endedMs - begunMs,
    });
  }

  /** A data directory of its own, with the first week in it or with nothing. */
  async withFirstWeek(): Promise<string> {
    const data = this.fresh();
    await cp(path.join(this.directory, 'first-week'), data, {
      recursive: true,
      verbatimSymlinks: true,
    });
    return data;
  }

  fresh(): string {
    this.#places += 1;
    return path.join(this.directory, `data-${process.pid}-${this.#places}-${Date.now()}`);
  }

  /** Begins to load these weeks, counted from 0. */
  load(place: Place, weeks: readonly number[], options: RunOptions = {}): Running {
    const packages = weeks.flatMap((week) => this.#weeks[week] ?? []);
    const where = typeof place === 'string' ? ['--data', place] : ['--warehouse', place.url];
    const access = typeof place === 'string' ? {} : place.environment;
    return start(['load', ...packages, ...this.#keys, ...where, '--json'], {
      ...options,
      // Many inserts, so that a fault falls between two of them at times.
      environment: { EDXSTREAM_RELEASE_BYTES: '8 MiB', ...access, ...options.environment },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Log files and tables of which a plain SELECT shows other rows than the ledger says that they have. */
export async function halfLoaded(place: Asked): Promise<object[]> {
  return rowsOf(
    place,
    `SELECT * FROM (
       SELECT 'events' AS what, server, log_date, count() AS found, uniqExact(line) AS lines,
         any(l.events) AS expected
       FROM events AS e LEFT JOIN log_files AS l USING (organization, site, server, log_date)
       GROUP BY server, log_date HAVING found != expected OR found != lines
       UNION ALL
       SELECT 'rejected' AS what, server, log_date, count() AS found, uniqExact(line) AS lines,
         any(l.rejected) AS expected
       FROM rejected_lines AS e LEFT JOIN log_files AS l USING (organization, site, server, log_date)
       GROUP BY server, log_date HAVING found != expected OR found != lines
       UNION ALL
       SELECT 'missing' AS what, l.server, l.log_date, 0 AS found, 0 AS lines, l.events AS expected
       FROM log_files AS l LEFT ANTI JOIN events AS e USING (organization, site, server, log_date)
       WHERE l.events > 0
       UNION ALL
       SELECT 'users' AS what, course_id AS server, snapshot_date AS log_date, count() AS found,
         uniqExact(line) AS lines, any(f.rows) AS expected
       FROM auth_user AS u LEFT JOIN
         (SELECT * FROM database_files WHERE table_name = 'auth_user' AND state = 'loaded') AS f
         USING (organization, site, course_id, snapshot_date)
       GROUP BY site, course_id, snapshot_date HAVING found != expected OR found != lines
     )`,
  );
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until a load has the warehouse and knows its packages, or until it has ended. */
export function untilBegun(running: Running): Promise<void> {
  return untilSaid(running, '"type":"begin"');
}

/** Waits until what a process said holds this text, or until it has ended. */
export async function untilSaid(running: Running, text: string): Promise<void> {
  const ended = running.ended.then((): Run | undefined => undefined);
  while (running.child.exitCode === null && running.child.signalCode === null) {
    if (running.said().includes(text)) return;
    await Promise.race([ended, wait(5)]);
  }
}
