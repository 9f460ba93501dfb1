/**
 * An inspection as text for people: one table each for packages, servers and courses, then what
 * needs attention, in sentences. At most 100 columns wide. Long lists of odd names are shortened
 * and say so; `--json` has them all.
 */
import { basename, dirname } from 'node:path';
import type {
  Gap,
  InspectedCourse,
  InspectedPackage,
  InspectedServer,
  Inspection,
} from './inspect-packages.js';
import { renderTable, WIDTH_MAX, wrapText } from './text-table.js';

const NAMES_SHOWN_MAX = 20;
const GAPS_SHOWN_MAX = 6;

export function renderInspection(inspection: Inspection): string {
  const { packages, servers, courses, lonelyPackages, unrecognised, faults } = inspection;
  const failed = courses.filter(({ failedTables }) => failedTables.length > 0);
  const sections = [
    section(packagesTitle(packages), packages.length, renderPackages(packages)),
    section('Log files, by server', servers.length, renderServers(servers)),
    section('Database files, by course', courses.length, renderCourses(courses)),
    section(
      'Courses of which edX failed to export tables',
      failed.length,
      list(
        failed.map(
          ({ packageDate, site, coursePart, failedTables }) =>
            `${coursePart} (${site}, ${packageDate ?? 'no date'}): ${failedTables.join(', ')}. Ask edX for them, or wait for the next zip.`,
        ),
      ),
    ),
    section(
      'Weeks of which one half is missing',
      lonelyPackages.length,
      list(
        lonelyPackages.map(
          ({ path, packageDate, organization, lacks }) =>
            `${organization} ${packageDate}: no ${lacks === 'zip' ? 'database zip' : 'tracking tar'} beside ${path}. Add it, if edX delivered one.`,
        ),
      ),
    ),
    section(
      'Names that were not understood',
      unrecognised.length,
      list(unrecognised.map(({ detail }) => detail)),
    ),
    section('Faults', faults.length, list(faults.map(({ detail }) => detail))),
  ];
  const shown = sections.filter((text) => text !== '');
  return shown.length === 0 ? 'Nothing was found.\n' : `${shown.join('\n\n')}\n`;
}

function section(title: string, count: number, body: string): string {
  return count === 0 ? '' : `${wrapText(`${title} (${count})`, WIDTH_MAX).join('\n')}\n${body}`;
}

/** Packages mostly lie in one directory, which is then said once. */
function packagesTitle(packages: readonly InspectedPackage[]): string {
  const directory = commonDirectory(packages);
  return directory === undefined || directory === '.' ? 'Packages' : `Packages in ${directory}`;
}

function commonDirectory(packages: readonly InspectedPackage[]): string | undefined {
  const directories = new Set(packages.map(({ path }) => dirname(path)));
  const [directory] = directories;
  return directories.size === 1 ? directory : undefined;
}

function renderPackages(packages: readonly InspectedPackage[]): string {
  const isOneDirectory = commonDirectory(packages) !== undefined;
  return renderTable(
    [
      { title: 'package' },
      { title: 'what' },
      { title: 'organization' },
      { title: 'date' },
      { title: 'size', align: 'right' },
      { title: 'logs', align: 'right' },
      { title: 'tables', align: 'right' },
    ],
    packages.map((one) => [
      isOneDirectory ? basename(one.path) : one.path,
      one.format === 'unknown' ? 'no package' : `${one.kind} ${one.format}`,
      one.organization || '-',
      one.packageDate ?? '-',
      renderBytes(one.bytes),
      String(one.logFiles),
      String(one.databaseFiles),
    ]),
  );
}

function renderServers(servers: readonly InspectedServer[]): string {
  return renderTable(
    [
      { title: 'organization' },
      { title: 'site' },
      { title: 'server' },
      { title: 'first day' },
      { title: 'last day' },
      { title: 'days', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'days missing' },
    ],
    servers.map((one) => [
      one.organization,
      one.site,
      one.server || '-',
      one.firstDay,
      one.lastDay,
      String(one.days.length),
      renderBytes(one.bytes),
      renderGaps(one.gaps),
    ]),
  );
}

function renderGaps(gaps: readonly Gap[]): string {
  if (gaps.length === 0) return 'none';
  const shown = gaps
    .slice(0, GAPS_SHOWN_MAX)
    .map(({ from, to, days }) => (from === to ? from : `${from} to ${to} (${days})`));
  const total = gaps.reduce((sum, { days }) => sum + days, 0);
  const rest = gaps.length - shown.length;
  return rest > 0
    ? `${shown.join(', ')} and ${rest} more gaps; ${total} days in all`
    : shown.join(', ');
}

function renderCourses(courses: readonly InspectedCourse[]): string {
  return renderTable(
    [
      { title: 'date' },
      { title: 'site' },
      { title: 'course, as in the names' },
      { title: 'files', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'types', align: 'right' },
      { title: 'failed', align: 'right' },
    ],
    courses.map((one) => [
      one.packageDate ?? '-',
      one.site || '?',
      one.coursePart || '-',
      String(one.files),
      renderBytes(one.bytes),
      String(new Set(one.tables).size),
      String(one.failedTables.length),
    ]),
  );
}

function list(sentences: readonly string[]): string {
  const lines = sentences
    .slice(0, NAMES_SHOWN_MAX)
    .flatMap((sentence) =>
      wrapText(sentence, WIDTH_MAX - 4).map((line, at) => `${at === 0 ? '  - ' : '    '}${line}`),
    );
  const rest = sentences.length - NAMES_SHOWN_MAX;
  return [...lines, ...(rest > 0 ? [`  and ${rest} more; --json lists them all.`] : [])].join('\n');
}

/** Bytes as people say them, in powers of 1000 like the sizes of disks. */
export function renderBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  // 999.5 would be written as 1000 of the smaller unit.
  while (value >= (unit === 0 ? 1000 : 999.5) && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
