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
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { assert } from '#shared/errors';
import { beginSession, heartbeats, newcomersJoin, type Stage, sessionsBegin } from './arrivals.js';
import { DAY_US, SECOND_US, startOfDate } from './calendar.js';
import { type DatabaseFile, writeDatabaseFiles } from './database-files.js';
import { type ExpectedPackage, expectAll, expectPackage } from './expected.js';
import { Journal } from './journal.js';
import { type FinishedFile, logDateOf } from './log-file.js';
import { Random } from './prng.js';
import type { Profile, Site } from './profile.js';
import { reencryptMessage } from './reencrypt-message.js';
import { Schedule } from './schedule.js';
import { makeWorld } from './world.js';
import { type KeyPaths, type Recipients, writeKeys } from './write-keys.js';
import { type Member, writeTar, writeZip } from './write-packages.js';

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

export async function generatePackages(
  directory: string,
  profile: Profile,
  options: GenerateOptions = {},
): Promise<GeneratedPackages> {
  await mkdir(path.join(directory, 'keys'), { recursive: true, mode: 0o700 });
  const spool = path.join(directory, '.spool');
  await rm(spool, { recursive: true, force: true });
  await mkdir(spool, { mode: 0o700 });
  try {
    const { recipients, paths } = await writeKeys(
      path.join(directory, 'keys'),
      profile.organization,
      profile.keyFiles,
    );
    const run = new Run({ directory, spool, profile, recipients, options });
    const packages = await run.all();
    const expectedPath = path.join(directory, 'expected.json');
    const expected = expectAll(profile, run.journal.odd.counts, run.expected);
    await writeFile(expectedPath, `${JSON.stringify(expected, null, 1)}\n`, { mode: 0o600 });
    return {
      directory,
      packages,
      keys: paths,
      expectedPath,
      lines: run.journal.lines,
      plaintextBytes: run.journal.bytes,
    };
  } finally {
    await rm(spool, { recursive: true, force: true });
  }
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

  async all(): Promise<GeneratedPackage[]> {
    for (const stage of this.#stages) {
      this.#schedule.add(newcomersJoin(stage), 0);
      this.#schedule.add(sessionsBegin(stage), 0);
      this.#schedule.add(heartbeats(stage), 0);
    }
    const packages: GeneratedPackage[] = [];
    for (const [index, day] of this.#packageDays.entries()) {
      const cutUs = this.#cutUs(day);
      await this.#simulateUntil(cutUs);
      this.#schedule.nowUs = cutUs;
      packages.push(await this.#deliver(index, day, cutUs));
      this.#report(true);
    }
    await this.journal.end();
    return packages;
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

  /** Makes the tar and the zip of this moment. */
  async #deliver(index: number, day: number, cutUs: number): Promise<GeneratedPackage> {
    const { profile, directory, spool, recipients, options } = this.#settings;
    const partials = await this.journal.cutPackage((site) => this.#anySession(site), cutUs);
    await this.journal.settle();
    const whole = await this.#encryptAgain(index);
    const files = inTarOrder([...whole, ...partials], this.journal, profile);
    const date = logDateOf(this.#startUs, day);
    const modified = new Date(cutUs / 1000);
    const tar = `${date}-${profile.organization}-tracking.tar`;
    const zip = `${profile.organization}-${date}.zip`;
    const archive = (name: string) => ({
      target: path.join(directory, name),
      modified,
      signal: options.signal,
    });
    const memberOf = (file: FinishedFile) => memberName(profile, file);
    await writeTar(
      files.map((file) => ({
        name: memberOf(file),
        path: file.message.path,
        bytes: file.message.bytes,
      })),
      archive(tar),
    );
    const databaseFiles = await writeDatabaseFiles({
      profile,
      recipients,
      spool,
      worlds: this.#stages.map((stage) => stage.world),
      nowUs: cutUs,
      index,
      signal: options.signal,
    });
    const folder = `${profile.organization.toLowerCase()}-${date}`;
    await writeZip(await membersOf(databaseFiles, folder), archive(zip));
    await removeAll([...databaseFiles.map((file) => file.path), ...partials.map(pathOf)]);
    this.expected.push(expectPackage({ profile, date, tar, zip, files, databaseFiles, memberOf }));
    return { date, tarPath: path.join(directory, tar), zipPath: path.join(directory, zip) };
  }

  /** The whole log files, under fresh session keys from the second package on if asked for. */
  async #encryptAgain(index: number): Promise<readonly FinishedFile[]> {
    const { profile, recipients } = this.#settings;
    const { finished } = this.journal;
    if (!profile.reencrypt || index === 0) return finished;
    for (const [place, file] of finished.entries()) {
      const target = `${file.message.path}.${index}`;
      const message = await reencryptMessage(file.message, target, recipients);
      await rm(file.message.path);
      finished[place] = { ...file, message };
    }
    return finished;
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
  const all = Array.from(
    { length: weeks },
    (_, index) => days - 1 - (weeks - 1 - index) * packageIntervalDays,
  );
  return all.filter((day) => day >= 0);
}

/** Server by server, each by date: so edX's tars are ordered. */
function inTarOrder(files: readonly FinishedFile[], journal: Journal, profile: Profile) {
  const rank = new Map<string, number>();
  for (const site of profile.sites) {
    for (const server of journal.serversOf(site)) rank.set(server, rank.size);
  }
  return files.toSorted(
    (one, other) =>
      (rank.get(one.server) ?? 0) - (rank.get(other.server) ?? 0) ||
      (one.logDate < other.logDate ? -1 : 1),
  );
}

function memberName({ organization }: Profile, { server, logDate }: FinishedFile): string {
  return `${organization}/${server}/${logDate}_${organization}.log.gpg`;
}

async function membersOf(files: readonly DatabaseFile[], folder: string): Promise<Member[]> {
  const members: Member[] = [];
  for (const file of files) {
    const { size } = await stat(file.path);
    members.push({ name: `${folder}/${file.member}`, path: file.path, bytes: size });
  }
  return members;
}

function pathOf(file: FinishedFile): string {
  return file.message.path;
}

async function removeAll(paths: readonly string[]): Promise<void> {
  await Promise.all(paths.map((place) => rm(place, { force: true })));
}
