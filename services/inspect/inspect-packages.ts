/**
 * What is in packages, without any key: from their indexes come servers with their days and gaps,
 * courses with their database files, names that were not understood, faults, and weeks of which
 * only one of tar and zip is there. The result is plain, for `--json`; render-inspection.ts makes
 * it readable.
 *
 * What surprises: tars are cumulative, so several of them hold the same log file. A server's days
 * and gaps are those of all packages together; `copies` counts the deliveries of each day, and its
 * bytes are those of the newest.
 */
import { addDays, daysBetween } from '#shared/packages/calendar-date';
import type { LogFileEntry, PackageFault, PackageIndex } from '#shared/packages/package-index';

export interface Inspection {
  readonly packages: readonly InspectedPackage[];
  readonly servers: readonly InspectedServer[];
  readonly courses: readonly InspectedCourse[];
  readonly lonelyPackages: readonly LonelyPackage[];
  readonly unrecognised: readonly InspectedName[];
  readonly faults: readonly (PackageFault & { readonly package: string })[];
}

export interface InspectedPackage {
  readonly path: string;
  readonly format: PackageIndex['format'];
  readonly kind: PackageIndex['kind'];
  readonly organization: string;
  readonly packageDate: string | undefined;
  readonly bytes: number;
  readonly logFiles: number;
  readonly databaseFiles: number;
}

export interface InspectedServer {
  readonly organization: string;
  readonly site: string;
  /** '' where the layout has none. */
  readonly server: string;
  readonly firstDay: string;
  readonly lastDay: string;
  readonly bytes: number;
  readonly days: readonly InspectedDay[];
  /** Days without a log file between the first and the last one, as ranges. */
  readonly gaps: readonly Gap[];
}

export interface InspectedDay {
  readonly logDate: string;
  /** Stored bytes in the newest package that holds the day. */
  readonly bytes: number;
  /** How many packages, or names in one package, hold the day. */
  readonly copies: number;
}

export interface Gap {
  readonly from: string;
  readonly to: string;
  readonly days: number;
}

/** The database files of one course part of one snapshot. */
export interface InspectedCourse {
  readonly packageDate: string | undefined;
  readonly site: string;
  readonly coursePart: string;
  readonly files: number;
  readonly bytes: number;
  /** In the order of the package; '' for a name that was cut. */
  readonly tables: readonly string[];
  /** Tables of which edX delivered a failure report instead of rows. */
  readonly failedTables: readonly string[];
}

export interface LonelyPackage {
  readonly path: string;
  readonly organization: string;
  readonly packageDate: string;
  readonly lacks: 'tar' | 'zip';
}

export interface InspectedName {
  readonly package: string;
  readonly path: string;
  readonly reason: string;
  readonly detail: string;
}

/** Packages come out weekly: what is at most this far apart is of one week, and nothing else is. */
const SAME_WEEK_DAYS_MAX = 3;

export function inspectPackages(indexes: readonly PackageIndex[]): Inspection {
  return {
    packages: indexes.map((index) => ({
      path: index.path,
      format: index.format,
      kind: index.kind,
      organization: index.organization,
      packageDate: index.packageDate,
      bytes: index.bytes,
      logFiles: index.logFiles.length,
      databaseFiles: index.databaseFiles.length,
    })),
    servers: inspectServers(indexes),
    courses: inspectCourses(indexes),
    lonelyPackages: findLonelyPackages(indexes),
    unrecognised: indexes.flatMap((index) =>
      index.unrecognised.map((name) => ({ package: index.path, ...name })),
    ),
    faults: indexes.flatMap((index) =>
      index.faults.map((fault) => ({ package: index.path, ...fault })),
    ),
  };
}

interface Delivery {
  readonly file: LogFileEntry;
  readonly packageDate: string;
}

function inspectServers(indexes: readonly PackageIndex[]): InspectedServer[] {
  const deliveries = indexes.flatMap((index) =>
    index.logFiles.map((file) => ({ file, packageDate: index.packageDate ?? '' })),
  );
  const servers = groupBy(deliveries, ({ file }) => [file.organization, file.site, file.server]);
  return [...servers.values()]
    .flatMap((ofServer) => {
      const days = [...groupBy(ofServer, ({ file }) => [file.logDate]).values()]
        .flatMap(inspectDay)
        .sort((a, b) => compare(a.logDate, b.logDate));
      const [first, last, sample] = [days.at(0), days.at(-1), ofServer.at(0)];
      if (!first || !last || !sample) return [];
      const { organization, site, server } = sample.file;
      const bytes = days.reduce((sum, day) => sum + day.bytes, 0);
      const ends = { firstDay: first.logDate, lastDay: last.logDate };
      return [{ organization, site, server, ...ends, bytes, days, gaps: findGaps(days) }];
    })
    .sort(
      (a, b) =>
        compare(a.organization, b.organization) ||
        compare(a.site, b.site) ||
        compare(a.server, b.server),
    );
}

function inspectDay(ofDay: readonly Delivery[]): InspectedDay[] {
  const newest = ofDay.toSorted((a, b) => compare(a.packageDate, b.packageDate)).at(-1);
  if (!newest) return [];
  const { logDate, location } = newest.file;
  return [{ logDate, bytes: location.bytes, copies: ofDay.length }];
}

function findGaps(days: readonly InspectedDay[]): Gap[] {
  return days.flatMap(({ logDate: next }, at) => {
    const previous = days[at - 1]?.logDate;
    const missing = previous ? daysBetween({ first: previous, last: next }) - 1 : 0;
    return previous && missing > 0
      ? [{ from: addDays(previous, 1), to: addDays(next, -1), days: missing }]
      : [];
  });
}

function inspectCourses(indexes: readonly PackageIndex[]): InspectedCourse[] {
  return indexes
    .flatMap((index) => {
      const courses = groupBy(index.databaseFiles, (file) => [file.site, file.coursePart]);
      return [...courses.values()].flatMap((files) => {
        const [sample] = files;
        if (!sample) return [];
        return [
          {
            packageDate: index.packageDate,
            site: sample.site,
            coursePart: sample.coursePart,
            files: files.length,
            bytes: files.reduce((sum, { location }) => sum + location.bytes, 0),
            tables: files.filter(({ isFailed }) => !isFailed).map(({ table }) => table),
            failedTables: files.filter(({ isFailed }) => isFailed).map(({ table }) => table),
          },
        ];
      });
    })
    .sort(
      (a, b) =>
        compare(a.packageDate ?? '', b.packageDate ?? '') ||
        compare(a.site, b.site) ||
        compare(a.coursePart, b.coursePart),
    );
}

/**
 * Tars and zips of the same organization and week, one beside the other. Single messages are no
 * weekly delivery, and what has no date has no week.
 */
function findLonelyPackages(indexes: readonly PackageIndex[]): LonelyPackage[] {
  const weekly = indexes.flatMap((index) => {
    const { path, organization, packageDate, kind, format } = index;
    // The zip of e-mail preferences comes beside the weekly one and stands for no week of its own.
    const isOptIn =
      index.databaseFiles.length > 0 &&
      index.databaseFiles.every(({ table }) => table === 'email_opt_in');
    const isWeekly = (format === 'tar' || format === 'zip') && kind !== 'unknown' && !isOptIn;
    return isWeekly && packageDate ? [{ path, organization, packageDate, kind }] : [];
  });
  return weekly.flatMap(({ path, organization, packageDate, kind }) => {
    const partner = weekly.find(
      (other) =>
        other.kind !== kind &&
        // The tar writes HarvardX, the zip harvardx.
        other.organization.toLowerCase() === organization.toLowerCase() &&
        Math.abs(daysBetween({ first: packageDate, last: other.packageDate })) <=
          SAME_WEEK_DAYS_MAX,
    );
    if (partner) return [];
    const lacks = kind === 'tracking' ? ('zip' as const) : ('tar' as const);
    return [{ path, organization, packageDate, lacks }];
  });
}

function groupBy<T>(
  items: readonly T[],
  keyOf: (item: T) => readonly string[],
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = JSON.stringify(keyOf(item));
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
