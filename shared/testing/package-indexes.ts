/** Indexes of small packages for tests, as indexing would make them. */
import type { DatabaseFileEntry, LogFileEntry, PackageIndex } from '#shared/packages/package-index';

const location = { path: 'package', offset: 0, compression: 'none' } as const;

export function aLogFile(server: string, logDate: string, bytes = 100): LogFileEntry {
  return {
    path: `${server}/${logDate}_UniversityA.log.gpg`,
    organization: 'UniversityA',
    site: 'prod',
    server,
    logDate,
    isGzip: false,
    location: { ...location, bytes },
  };
}

export function aDatabaseFile(coursePart: string, table: string): DatabaseFileEntry {
  return {
    path: `${coursePart}-${table}-prod-analytics.sql.gpg`,
    coursePart,
    table,
    site: 'prod',
    extension: 'sql',
    isFailed: false,
    isCut: false,
    location: { ...location, bytes: 100 },
  };
}

export function aTar(packageDate: string, logFiles: readonly LogFileEntry[]): PackageIndex {
  return {
    path: `${packageDate}-UniversityA-tracking.tar`,
    bytes: 10_240,
    format: 'tar',
    kind: 'tracking',
    organization: 'UniversityA',
    packageDate,
    logFiles,
    databaseFiles: [],
    unrecognised: [],
    faults: [],
  };
}

export function aZip(
  packageDate: string,
  databaseFiles: readonly DatabaseFileEntry[],
): PackageIndex {
  return {
    ...aTar(packageDate, []),
    path: `universitya-${packageDate}.zip`,
    format: 'zip',
    kind: 'database',
    organization: 'universitya',
    databaseFiles,
  };
}
