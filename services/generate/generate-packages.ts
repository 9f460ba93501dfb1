/**
 * Generates packages as edX delivered them in 2013, with the counts that a correct reader must come
 * to. One pass through simulated time writes every log file once; a package is made when its moment
 * comes, from the messages that the spool directory holds by then.
 *
 *   time ──►  day 0 │ day 1 │ … │ day 6 ▲ │ day 7 │ …
 *                                       │ package: tar of all days so far (day 6 in part),
 *                                       │ zip of the tables at this very moment
 *
 * Some event types are younger than 2013 (enrolment, mobile, newer course keys): every shape that a
 * reader will meet is more useful here than one consistent year.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { assert, EdxstreamError } from '#shared/errors';
import { makePrivateDirectory } from '#shared/make-directory';
import { beginSession, heartbeats, newcomersJoin, type Stage, sessionsBegin } from './arrivals.js';
import { DAY_US, SECOND_US, startOfDate } from './calendar.js';
import { checkProfile } from './check-profile.js';
import { deliverPackage } from './deliver-package.js';
import { type ExpectedPackage, expectAll } from './expected.js';
import { Journal } from './journal.js';
import { logDateOf } from './log-file.js';
import { Random } from './prng.js';
import type { Profile, Site } from './profile.js';
import { Schedule } from './schedule.js';
import { makeWorld } from './world.js';
import { type KeyPaths, type Recipients, writeKeys } from './write-keys.js';

export interface GenerateProgress {
  readonly daysDone: number;
  readonly days: number;
  readonly packagesDone: number;
  readonly packages: number;
  readonly lines: number;
  readonly plaintextBytes: number;
}

export interface GenerateOptions {
  readonly signal?: AbortSignal;
  /** Called a few times a second at most. */
  readonly onProgress?: (progress: GenerateProgress) => void;
}

export interface GeneratedPackage {
  readonly date: string;
  readonly tarPath: string;
  readonly zipPath: string;
}

export interface GeneratedPackages {
  readonly directory: string;
  readonly packages: readonly GeneratedPackage[];
  readonly keys: KeyPaths;
  readonly expectedPath: string;
  /** Lines written, those of a last day that no package has whole included. */
  readonly lines: number;
  readonly plaintextBytes: number;
}

/** Steps of the simulation between two looks at the clock and the signal. */
const STEPS_AT_ONCE = 500;
const PROGRESS_WAIT_MS = 250;

const DISK_FAULTS = new Set([
  'ENOENT',
  'ENOTDIR',
  'ENOSPC',
  'EDQUOT',
  'EACCES',
  'EPERM',
  'EROFS',
  'EEXIST',
  'ENOTDIR',
]);

/**
 * Writes the packages of a profile into `directory`, which is created where it is not there; files
 * of the same names are replaced. After a stop or a fault, what was finished stays, without
 * expected.json.
 */
export async function generatePackages(
  directory: string,
  profile: Profile,
  options: GenerateOptions = {},
): Promise<GeneratedPackages> {
  checkProfile(profile);
  const spool = path.join(directory, '.spool');
  try {
    await makePrivateDirectory(path.resolve(directory, 'keys'));
    await rm(spool, { recursive: true, force: true });
    await mkdir(spool, { mode: 0o700 });
    try {
      return await generateInto({ directory, spool, profile, options });
    } finally {
      await rm(spool, { recursive: true, force: true });
    }
  } catch (fault) {
    throw describeFault(fault, directory);
  }
}

async function generateInto(settings: Omit<RunSettings, 'recipients'>): Promise<GeneratedPackages> {
  const { directory, profile } = settings;
  const expectedPath = path.join(directory, 'expected.json');
  // The counts of an earlier run must not stand beside packages of this one.
  await rm(expectedPath, { force: true });
  const { recipients, paths } = await writeKeys(
    path.join(directory, 'keys'),
    profile.organization,
    profile.keyFiles,
  );
  const run = new Run({ ...settings, recipients });
  try {
    await run.all();
  } catch (fault) {
    await run.journal.abandon();
    throw fault;
  }
  const expected = expectAll(profile, run.journal.odd.counts, run.expected);
  await writeFile(expectedPath, `${JSON.stringify(expected, null, 1)}\n`, { mode: 0o600 });
  return {
    directory,
    packages: run.expected.map(({ date, tar, zip }) => ({
      date,
      tarPath: path.join(directory, tar),
      zipPath: path.join(directory, zip),
    })),
    keys: paths,
    expectedPath,
    lines: run.journal.lines,
    plaintextBytes: run.journal.bytes,
  };
}

interface RunSettings {
  readonly directory: string;
  readonly spool: string;
  readonly profile: Profile;
  readonly recipients: Recipients;
  readonly options: GenerateOptions;
}

class Run {
  readonly journal: Journal;
  readonly expected: ExpectedPackage[] = [];
  readonly #settings: RunSettings;
  readonly #startUs: number;
  readonly #schedule: Schedule;
  readonly #stages: readonly Stage[];
  readonly #packageDays: readonly number[];
  #progressAtMs = 0;

  constructor(settings: RunSettings) {
    const { profile, spool, recipients } = settings;
    this.#settings = settings;
    this.#startUs = startOfDate(profile.firstDay);
    this.#schedule = new Schedule(this.#startUs);
    this.#packageDays = packageDaysOf(profile);
    const journal = new Journal({
      profile,
      startUs: this.#startUs,
      spool,
      recipients,
      partialDays: new Set(this.#packageDays),
    });
    this.journal = journal;
    this.#stages = profile.sites.map((site) => ({
      profile,
      startUs: this.#startUs,
      journal,
      schedule: this.#schedule,
      world: makeWorld(profile, site, this.#startUs),
    }));
  }

  /** Simulates up to the last package, making each as its moment comes. */
  async all(): Promise<void> {
    for (const stage of this.#stages) {
      this.#schedule.add(newcomersJoin(stage), 0);
      this.#schedule.add(sessionsBegin(stage), 0);
      this.#schedule.add(heartbeats(stage), 0);
    }
    for (const [index, day] of this.#packageDays.entries()) {
      const cutUs = this.#cutUs(day);
      await this.#simulateUntil(cutUs);
      this.#schedule.nowUs = cutUs;
      const partials = await this.journal.cutPackage((site) => this.#anySession(site), cutUs);
      await this.journal.settle();
      const delivered = await deliverPackage({
        ...this.#settings,
        journal: this.journal,
        worlds: this.#stages.map((stage) => stage.world),
        index,
        date: logDateOf(this.#startUs, day),
        nowUs: cutUs,
        partials,
        signal: this.#settings.options.signal,
      });
      this.expected.push(delivered);
      this.#report(true);
    }
    await this.journal.end();
  }

  async #simulateUntil(endUs: number): Promise<void> {
    const { signal } = this.#settings.options;
    let isRunning = true;
    while (isRunning) {
      signal?.throwIfAborted();
      for (let step = 0; step < STEPS_AT_ONCE && isRunning; step++) {
        isRunning = this.#schedule.step(endUs);
        if (this.journal.wantsFlush) break;
      }
      await this.journal.flush();
      this.#report(false);
    }
  }

  /** The moment of a package: some time around noon of its last day. */
  #cutUs(day: number): number {
    const random = Random.of(this.#settings.profile.seed, 'cut', day);
    return this.#startUs + day * DAY_US + random.between(10 * 3600, 15 * 3600) * SECOND_US;
  }

  #anySession(site: Site) {
    const stage = this.#stages.find((candidate) => candidate.world.site === site);
    const enrolment = stage?.world.students[0];
    assert(stage !== undefined && enrolment !== undefined, 'every site has a student');
    return beginSession(stage, enrolment);
  }

  #report(always: boolean): void {
    const { options, profile } = this.#settings;
    if (options.onProgress === undefined) return;
    const nowMs = Date.now();
    if (!always && nowMs - this.#progressAtMs < PROGRESS_WAIT_MS) return;
    this.#progressAtMs = nowMs;
    options.onProgress({
      daysDone: Math.floor((this.#schedule.nowUs - this.#startUs) / DAY_US),
      days: profile.days,
      packagesDone: this.expected.length,
      packages: profile.weeks,
      lines: this.journal.lines,
      plaintextBytes: this.journal.bytes,
    });
  }
}

/** The last log date of each package, counted in days from the first. */
function packageDaysOf({ days, weeks, packageIntervalDays }: Profile): number[] {
  return Array.from(
    { length: weeks },
    (_, index) => days - 1 - (weeks - 1 - index) * packageIntervalDays,
  );
}

/** What the disk refuses is an outside fault with something to do about it; the rest is passed on. */
function describeFault(fault: unknown, directory: string): unknown {
  if (!(fault instanceof Error) || !('code' in fault)) return fault;
  if (!DISK_FAULTS.has(String(fault.code))) return fault;
  return new EdxstreamError(
    'TARGET_UNWRITABLE',
    `Packages cannot be written to ${directory}: ${fault.message}`,
    { cause: fault },
  );
}
