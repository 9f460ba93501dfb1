/**
 * expected.json: what a correct reader of the packages must count, known by generating. The oracle
 * of the tests; `definitions` in the file says what each count means.
 */

import { exactTime } from './calendar.js';
import type { DatabaseFile } from './database-files.js';
import type { FinishedFile } from './log-file.js';
import type { Profile } from './profile.js';
import { SKEW_US, type Tally } from './tally.js';

export interface ExpectedCounts {
  /** Lines as `wc -l` counts, plus one where the last byte is not a line feed. */
  readonly lines: number;
  readonly events: number;
  readonly rejected: number;
  readonly rejectedByReason: Readonly<Record<string, number>>;
  readonly blank: number;
  readonly late: number;
  readonly maskedEvents: number;
  readonly maskedRejected: number;
  readonly timeStates: Readonly<Record<string, number>>;
}

export interface ExpectedFile extends ExpectedCounts {
  readonly member: string;
  readonly organization: string;
  readonly site: string;
  readonly server: string;
  readonly logDate: string;
  readonly plaintextBytes: number;
  /** How a partial last day ends; null for a whole day. */
  readonly partialEnd: string | null;
  /** Events by course id; `''` for events of no course. */
  readonly courseEvents: Readonly<Record<string, number>>;
}

export interface ExpectedCourse {
  readonly courseId: string;
  readonly events: number;
  readonly learners: number;
  readonly firstTime: string | null;
  readonly lastTime: string | null;
}

export interface ExpectedTable {
  readonly member: string;
  readonly table: string;
  readonly courseId: string;
  readonly site: string;
  readonly rows: number;
}

export interface ExpectedPackage {
  readonly date: string;
  readonly tar: string;
  readonly zip: string;
  readonly totals: ExpectedCounts;
  readonly courses: readonly ExpectedCourse[];
  readonly files: readonly ExpectedFile[];
  readonly databaseFiles: readonly ExpectedTable[];
  readonly failedMembers: readonly string[];
}

export interface Expected {
  readonly format: 1;
  readonly profile: Profile;
  readonly skewHours: number;
  readonly definitions: Readonly<Record<string, string>>;
  /** How often each odd shape was written, in the whole run. */
  readonly oddShapes: Readonly<Record<string, number>>;
  readonly packages: readonly ExpectedPackage[];
}

export const DEFINITIONS: Expected['definitions'] = {
  files: 'All log files of the cumulative tar, in the order of the tar.',
  lines: 'Line feeds, plus one where the last byte is not a line feed.',
  events: 'Lines whose text from the first { on is one JSON object (NaN and Infinity allowed).',
  'rejected not-json': 'No {, or not valid JSON from there on though not cut off.',
  'rejected not-object': 'A JSON value that is not an object.',
  'rejected cut': 'An object that ends before its last brace.',
  blank: 'Lines of nothing but space, tab, CR, vertical tab and form feed.',
  late: 'Events with a usable time more than skewHours before the start of their log date.',
  maskedEvents: 'Events that hold the value of a secret.',
  maskedRejected: 'Rejected lines that hold the value of a secret.',
  timeStates:
    'ok: 2012-01-01 <= time < 2255-01-01 UTC; missing: absent, null or empty; unparsable; implausible: outside of that range.',
  learners: 'Distinct usernames that are not empty.',
  'firstTime lastTime': 'Of events whose time is ok.',
  rows: 'Rows after the header; documents of a forum.',
};

export interface PackageParts {
  readonly profile: Profile;
  readonly date: string;
  readonly tar: string;
  readonly zip: string;
  readonly files: readonly FinishedFile[];
  /** The counts of all files together: files themselves no longer know their learners. */
  readonly total: Tally;
  readonly databaseFiles: readonly DatabaseFile[];
  readonly memberOf: (file: FinishedFile) => string;
}

export function expectPackage(parts: PackageParts): ExpectedPackage {
  const courses = [...parts.total.courses]
    .map(([courseId, course]) => ({
      courseId,
      events: course.events,
      learners: course.learners.size,
      firstTime: Number.isFinite(course.firstUs) ? exactTime(course.firstUs) : null,
      lastTime: Number.isFinite(course.lastUs) ? exactTime(course.lastUs) : null,
    }))
    .sort((one, other) => (one.courseId < other.courseId ? -1 : 1));
  return {
    date: parts.date,
    tar: parts.tar,
    zip: parts.zip,
    totals: countsOf(parts.total),
    courses,
    files: parts.files.map((file) => ({
      member: parts.memberOf(file),
      organization: parts.profile.organization,
      site: file.site,
      server: file.server,
      logDate: file.logDate,
      plaintextBytes: file.plaintextBytes,
      partialEnd: file.partialEnd ?? null,
      ...countsOf(file.tally),
      courseEvents: Object.fromEntries(
        [...file.tally.courses].map(([courseId, course]) => [courseId, course.events]),
      ),
    })),
    databaseFiles: parts.databaseFiles
      .filter((file) => !file.hasFailed)
      .map(({ member, table, courseId, site, rows }) => ({ member, table, courseId, site, rows })),
    failedMembers: parts.databaseFiles.filter((file) => file.hasFailed).map((file) => file.member),
  };
}

export function expectAll(
  profile: Profile,
  oddShapes: Readonly<Record<string, number>>,
  packages: readonly ExpectedPackage[],
): Expected {
  const skewHours = SKEW_US / 3600e6;
  return { format: 1, profile, skewHours, definitions: DEFINITIONS, oddShapes, packages };
}

function countsOf(tally: Tally): ExpectedCounts {
  return {
    lines: tally.lines,
    events: tally.events,
    rejected: Object.values(tally.rejected).reduce((sum, count) => sum + count, 0),
    rejectedByReason: tally.rejected,
    blank: tally.blank,
    late: tally.late,
    maskedEvents: tally.maskedEvents,
    maskedRejected: tally.maskedRejected,
    timeStates: tally.timeStates,
  };
}
