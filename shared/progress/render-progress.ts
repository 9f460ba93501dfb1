/**
 * The counters of a load as text: a small table for a terminal, one line for everything else.
 *
 *   log files       ▕██████░░░░▏  61 %   31 of 50   39.1 of 64.0 MB   8.1 MB/s   4 s left
 *   events          212,334 read   198,112 loaded   41,000/s   rejected 12
 *   database files  waiting
 */
import type { LoadProgress } from '#shared/progress/load-progress';
import type { Speed } from '#shared/progress/measure-speed';
import { renderBytes, renderCount, renderDuration, renderShare } from '#shared/progress/quantities';

const BAR_CELLS = 12;
const LABEL_CHARACTERS = 16;

/** Lines of at most `columns` characters, always the same number of them. */
export function renderProgressTable(
  progress: LoadProgress,
  speed: Speed,
  { columns }: { readonly columns: number },
): readonly string[] {
  const failed = progress.filesFailed > 0 ? [`failed ${renderCount(progress.filesFailed)}`] : [];
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['log files', [...logFileCells(progress, speed), ...failed]],
    ['events', eventCells(progress, speed)],
    ['database files', tableCells(progress, speed)],
  ];
  return rows.map(([label, cells]) =>
    `  ${label.padEnd(LABEL_CHARACTERS)}${cells.join('   ')}`.slice(0, Math.max(20, columns - 1)),
  );
}

/** The same in one line, for logs and pipes. */
export function renderProgressLine(progress: LoadProgress, speed: Speed): string {
  if (progress.stage === 'indexing') return 'Reading what is in the packages.';
  if (progress.stage === 'database files') {
    return `Database files: ${tableCells(progress, speed).join(', ')}.`;
  }
  const share = renderShare(progress.bytesDone, progress.bytesTotal);
  const files = `${renderCount(progress.filesDone)} of ${renderCount(progress.filesTotal)} files`;
  return `Log files: ${share}, ${files}, ${[...speedCells(speed), ...eventCells(progress, speed)].join(', ')}.`;
}

function logFileCells(progress: LoadProgress, speed: Speed): readonly string[] {
  if (progress.stage === 'indexing') return ['reading what is in the packages'];
  if (progress.filesTotal === 0) return ['nothing new'];
  const { filesDone, filesTotal, bytesDone, bytesTotal } = progress;
  return [
    `${bar(bytesDone, bytesTotal)} ${renderShare(bytesDone, bytesTotal).padStart(5)}`,
    `${renderCount(filesDone)} of ${renderCount(filesTotal)}`,
    `${renderBytes(bytesDone)} of ${renderBytes(bytesTotal)}`,
    ...(filesDone === filesTotal ? [] : speedCells(speed)),
  ];
}

function speedCells({ lineBytes, secondsLeft }: Speed): readonly string[] {
  // The speed is that of the lines: what people compare it with (gpg, a disk) is plaintext too.
  const left = secondsLeft === undefined ? [] : [`${renderDuration(secondsLeft)} left`];
  return [`${renderBytes(lineBytes)}/s`, ...left];
}

function eventCells(progress: LoadProgress, speed: Speed): readonly string[] {
  return [
    `${renderCount(progress.eventsRead)} read`,
    `${renderCount(progress.eventsLoaded)} loaded`,
    `${renderCount(speed.events)}/s`,
    `rejected ${renderCount(progress.rejected)}`,
  ];
}

function tableCells(progress: LoadProgress, speed: Speed): readonly string[] {
  if (progress.stage === 'indexing' || progress.stage === 'log files') return ['waiting'];
  if (progress.tablesTotal === 0) return ['none'];
  return [
    `${bar(progress.tablesDone, progress.tablesTotal)} ${renderShare(progress.tablesDone, progress.tablesTotal).padStart(5)}`,
    `${renderCount(progress.tablesDone)} of ${renderCount(progress.tablesTotal)}`,
    `${renderCount(progress.tableRows)} rows`,
    ...(progress.tableRows > 0 && speed.tableRows > 0
      ? [`${renderCount(speed.tableRows)} rows/s`]
      : []),
  ];
}

function bar(part: number, whole: number): string {
  const filled = whole <= 0 ? BAR_CELLS : Math.min(BAR_CELLS, (BAR_CELLS * part) / whole);
  const full = Math.floor(filled);
  return `▕${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}▏`;
}
