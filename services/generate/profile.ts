/**
 * What to generate. A seed and a profile fix every byte of plaintext; keys, session keys and so the
 * ciphertext differ from run to run.
 *
 *   days        0 ─────────────────────────────────────────────► days - 1
 *   packages            ▲ days-1-interval          ▲ days-1   (weeks of them; last day partial)
 */
export interface Profile {
  readonly seed: string;
  readonly organization: string;
  readonly sites: readonly Site[];
  /** Application servers of all sites together; the edge site has one of them. */
  readonly servers: number;
  /** The first log date. */
  readonly firstDay: string;
  /** Log dates in the last package, its partial last day included. */
  readonly days: number;
  /** Packages: a tar and a zip each, the last dated `firstDay + days - 1`. */
  readonly weeks: number;
  /** Days from one package to the next: 7 as delivered; 1 shows the cost of one new day. */
  readonly packageIntervalDays: number;
  readonly courses: number;
  /** Memory grows with these, not with events; one each for ten events a day keeps days natural. */
  readonly learners: number;
  /** Aim for events of one day over all servers; what comes out is within a few per cent. */
  readonly eventsPerDay: number;
  /** Odd lines for each ordinary one: malformed, masked, foreign times, blank, duplicate. */
  readonly oddShare: number;
  /** zlib level of the messages; GnuPG writes 6. */
  readonly compressionLevel: number;
  readonly compression: 'zip' | 'zlib' | 'none';
  /** False: a log file that has not changed is delivered with the same ciphertext, as edX did. */
  readonly reencrypt: boolean;
  /** Use these keys (paths of armored files) in place of fresh ones. */
  readonly keyFiles?: KeyFiles;
}

export type Site = 'prod' | 'edge';

export interface KeyFiles {
  readonly czarSecret: string;
  readonly passphrase: string;
  readonly masterSecret: string;
}

/** Two weeks of a small university: what `npm run demo` loads. */
const demo: Profile = {
  seed: 'demo',
  organization: 'UniversityA',
  sites: ['prod', 'edge'],
  servers: 4,
  firstDay: '2013-10-14',
  days: 14,
  weeks: 2,
  packageIntervalDays: 7,
  courses: 5,
  learners: 600,
  eventsPerDay: 3000,
  oddShare: 0.01,
  compressionLevel: 6,
  compression: 'zip',
  reencrypt: false,
};

/** Small enough for every test run, with every odd shape at least once. */
const test: Profile = {
  ...demo,
  seed: 'test',
  servers: 3,
  courses: 3,
  learners: 60,
  eventsPerDay: 420,
  oddShare: 0.06,
};

/** Sixty days on four servers, then a package with one new day; about five million events. */
const bench: Profile = {
  ...demo,
  seed: 'bench',
  firstDay: '2013-08-29',
  days: 61,
  weeks: 2,
  packageIntervalDays: 1,
  courses: 8,
  learners: 12_000,
  eventsPerDay: 84_000,
  oddShare: 0.001,
  compressionLevel: 1,
};

export const PROFILES = { demo, test, bench } as const;
