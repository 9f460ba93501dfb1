import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type LoadProgress, newLoadProgress } from '#shared/progress/load-progress';
import { showProgress } from '#shared/progress/show-progress';

/** Up to the first line of the table, and everything from there on is cleared. */
const ERASE = '\u001b[3A\u001b[0J';

let progress: LoadProgress;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  progress = newLoadProgress(new Date(0));
  progress.stage = 'log files';
  progress.filesTotal = 4;
  progress.bytesTotal = 40e6;
});

afterEach(() => {
  vi.useRealTimers();
});

function oneSecondOfWork(): void {
  progress.filesDone += 1;
  progress.bytesDone += 10e6;
  progress.lineBytes += 60e6;
  progress.eventsRead += 50_000;
  progress.eventsLoaded += 45_000;
  progress.rejected += 1;
}

test('on a terminal the table is drawn again in place, five times a second', () => {
  const written: string[] = [];
  const write = (text: string) => written.push(text);
  const shown = showProgress(progress, { view: { kind: 'terminal', write, columns: () => 100 } });
  vi.advanceTimersByTime(1000);
  oneSecondOfWork();
  vi.advanceTimersByTime(1000);
  shown.stop();
  expect(written).toHaveLength(1 + 10 + 1);
  expect(written[0]).not.toContain('\u001b');
  for (const text of written.slice(1)) expect(text.startsWith(ERASE)).toBe(true);
  expect(written.at(-1)?.slice(ERASE.length)).toBe(
    [
      '  log files       ▕███░░░░░░░░░▏  25 %   1 of 4   10.0 MB of 40.0 MB   30.0 MB/s   6.0 s left',
      '  events          50,000 read   45,000 loaded   22,500/s   rejected 1',
      '  database files  waiting',
      '',
    ].join('\n'),
  );
});

test('no line is longer than the terminal is wide, or it would break and the next drawing tear', () => {
  const written: string[] = [];
  const write = (text: string) => written.push(text);
  showProgress(progress, { view: { kind: 'terminal', write, columns: () => 40 } }).stop();
  const lines = written.at(-1)?.slice(ERASE.length).split('\n') ?? [];
  expect(lines).toHaveLength(4);
  for (const line of lines) expect(line.length).toBeLessThan(40);
});

test('where there is no terminal a line comes at the start, every ten seconds, and at the end no more than that', () => {
  const written: string[] = [];
  const write = (text: string) => written.push(text);
  const shown = showProgress(progress, { view: { kind: 'plain', write } });
  for (let second = 0; second < 25; second += 1) vi.advanceTimersByTime(1000);
  shown.stop();
  expect(written).toHaveLength(3);
  expect(written[0]).toBe(
    'Log files: 0 %, 0 of 4 files, 0 B/s, 0 read, 0 loaded, 0/s, rejected 0.\n',
  );
});

test('records and the file beside the directory come every second, and once more at the end', () => {
  let records = 0;
  let kept = 0;
  const shown = showProgress(progress, {
    view: { kind: 'records', record: () => (records += 1) },
    keep: () => {
      kept += 1;
    },
  });
  vi.advanceTimersByTime(3000);
  shown.stop();
  expect(records).toBe(5);
  expect(kept).toBe(5);
});

test('nothing is drawn after the end', () => {
  const write = vi.fn();
  const shown = showProgress(progress, { view: { kind: 'terminal', write, columns: () => 100 } });
  shown.stop();
  const before = write.mock.calls.length;
  vi.advanceTimersByTime(5000);
  expect(write.mock.calls.length).toBe(before);
});

test('what is said in between stands above the table', () => {
  const written: string[] = [];
  const write = (text: string) => written.push(text);
  const shown = showProgress(progress, { view: { kind: 'terminal', write, columns: () => 100 } });
  shown.interject('Stopping cleanly.\n');
  vi.advanceTimersByTime(200);
  expect(written[1]).toBe(`${ERASE}Stopping cleanly.\n`);
  expect(written[2]?.startsWith('  log files')).toBe(true);
});
