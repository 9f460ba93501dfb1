/** The status of a warehouse as text for people. */
import type { ProgressRecord } from '#shared/progress/progress-file';
import { renderBytes, renderCount, renderShare } from '#shared/progress/quantities';
import type { DirectoryOwner } from '#shared/warehouse/directory-lock';
import type { LockHolder } from '#shared/warehouse/lock-holder';
import { renderTable } from '../inspect/text-table.js';
import type { CourseStatus, WarehouseStatus } from './read-status.js';
import { list } from './render-account.js';

export function renderRunning(
  data: string,
  owner: DirectoryOwner,
  record: ProgressRecord | undefined,
): string {
  const who = `\`edxstream ${owner.command}\` runs on ${data}: process ${owner.pid} on ${owner.host}, since ${owner.since}.`;
  if (record === undefined || record.pid !== owner.pid) return `${who}\n`;
  const { progress, updatedAt } = record;
  const lines = [
    `Log files       ${renderShare(progress.bytesDone, progress.bytesTotal)}, ${renderCount(progress.filesDone)} of ${renderCount(progress.filesTotal)}, ${renderBytes(progress.bytesDone)} of ${renderBytes(progress.bytesTotal)}`,
    `Events          ${renderCount(progress.eventsRead)} read, ${renderCount(progress.eventsLoaded)} loaded, rejected ${renderCount(progress.rejected)}`,
    `Database files  ${renderCount(progress.tablesDone)} of ${renderCount(progress.tablesTotal)}, ${renderCount(progress.tableRows)} rows`,
    `Failed so far   ${renderCount(progress.filesFailed)}`,
  ];
  const stage = progress.stage === 'indexing' ? 'what is in the packages' : progress.stage;
  return `${who}\nIt is at: ${stage} (as of ${updatedAt}).\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

export function renderStatus(data: string, status: WarehouseStatus, holder?: LockHolder): string {
  const { packages, logFiles, databaseFiles, courses, provisionalDays } = status;
  const sections = [
    `${data}: ${renderBytes(status.diskBytes)} on disk. ${renderHolder(holder)}`,
    table(
      'Packages',
      packages,
      [{ title: 'package' }, { title: 'date' }, right('log files'), right('database files')],
      (one) => [one.package, one.date, renderCount(one.logFiles), renderCount(one.databaseFiles)],
    ),
    table(
      'Log files',
      logFiles,
      [{ title: 'state' }, ...['files', 'lines', 'events', 'rejected', 'blank'].map(right)],
      (one) => [
        one.state,
        ...[one.files, one.lines, one.events, one.rejected, one.blank].map(renderCount),
      ],
    ),
    table(
      'Database files',
      databaseFiles,
      [{ title: 'state' }, ...['files', 'rows', 'rejected'].map(right)],
      (one) => [one.state, ...[one.files, one.rows, one.rejected].map(renderCount)],
    ),
    courses.length === 0 ? '' : `Courses (${courses.length})\n${renderCourses(courses)}`,
    provisionalDays.length === 0
      ? ''
      : `Provisional until the next package: ${provisionalDays.join(', ')}`,
    list(
      'Failed; the next load tries again',
      status.failures.map(({ name, reason, detail }) => `${name}: ${reason}. ${detail}`),
    ),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function renderHolder(holder: LockHolder | undefined): string {
  if (holder === undefined) return 'No command is running on it.';
  const { command, pid, host, since } = holder;
  return `\`edxstream ${command}\` runs on it: process ${pid} on ${host}, since ${since} UTC.`;
}

export function renderCourses(courses: readonly CourseStatus[]): string {
  return renderTable(
    [
      { title: 'course' },
      right('events'),
      right('learners'),
      { title: 'first event (UTC)' },
      { title: 'last event (UTC)' },
    ],
    courses.map(({ course, events, learners, firstEvent, lastEvent }) => [
      course || '(no course)',
      renderCount(events),
      renderCount(learners),
      firstEvent,
      lastEvent,
    ]),
  );
}

type Column = Parameters<typeof renderTable>[0][number];

function right(title: string): Column {
  return { title, align: 'right' };
}

function table<Row>(
  title: string,
  rows: readonly Row[],
  columns: readonly Column[],
  cells: (row: Row) => readonly string[],
): string {
  return rows.length === 0
    ? ''
    : `${title} (${rows.length})\n${renderTable(columns, rows.map(cells))}`;
}
