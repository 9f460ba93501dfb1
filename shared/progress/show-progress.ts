/**
 * Shows the counters of a load while it runs, in the way that fits who is looking.
 *
 *   terminal   a table, redrawn in place 5 times a second
 *   plain      one line at the start, every 10 s, and at the end
 *   records    a function is called every second
 *
 * Beside that, every second, whoever wants to keep the counters is told (the file for `status`).
 */
import type { LoadProgress } from '#shared/progress/load-progress';
import { measureSpeed, type Speed } from '#shared/progress/measure-speed';
import { renderProgressLine, renderProgressTable } from '#shared/progress/render-progress';

export type ProgressView =
  | {
      readonly kind: 'terminal';
      readonly write: (text: string) => void;
      readonly columns: () => number;
    }
  | { readonly kind: 'plain'; readonly write: (text: string) => void }
  | { readonly kind: 'records'; readonly record: (progress: LoadProgress, speed: Speed) => void };

export interface ShownProgress {
  /** Writes something else to the same terminal without tearing the table. */
  interject(text: string): void;
  /** Shows the last state and ends. */
  stop(): void;
}

export interface ShowProgressOptions {
  readonly view: ProgressView;
  /** Called about every second and at the end. */
  readonly keep?: (progress: LoadProgress) => void;
  /** Milliseconds of a clock; a parameter for tests. */
  readonly now?: () => number;
}

const REDRAW_MS = 200;
const SECOND_MS = 1000;
const LINE_MS = 10_000;

export function showProgress(
  progress: LoadProgress,
  { view, keep, now = Date.now }: ShowProgressOptions,
): ShownProgress {
  const speedAt = measureSpeed();
  let linesDrawn = 0;
  let keptAtMs = Number.NEGATIVE_INFINITY;
  let shownAtMs = Number.NEGATIVE_INFINITY;

  const erase = (): string => (linesDrawn === 0 ? '' : `\u001b[${linesDrawn}A\u001b[0J`);

  const show = (isLast: boolean): void => {
    const nowMs = now();
    const speed = speedAt(progress, nowMs);
    if (keep !== undefined && (isLast || nowMs - keptAtMs >= SECOND_MS)) {
      keptAtMs = nowMs;
      keep(progress);
    }
    switch (view.kind) {
      case 'terminal': {
        const lines = renderProgressTable(progress, speed, { columns: view.columns() });
        view.write(`${erase()}${lines.map((line) => `${line}\n`).join('')}`);
        linesDrawn = lines.length;
        return;
      }
      case 'plain':
        if (isLast || nowMs - shownAtMs < LINE_MS) return;
        shownAtMs = nowMs;
        view.write(`${renderProgressLine(progress, speed)}\n`);
        return;
      case 'records':
        if (!isLast && nowMs - shownAtMs < SECOND_MS) return;
        shownAtMs = nowMs;
        view.record(progress, speed);
        return;
      default:
        view satisfies never;
    }
  };

  show(false);
  const timer = setInterval(() => show(false), REDRAW_MS);
  return {
    interject(text) {
      if (view.kind === 'records') return;
      view.write(`${view.kind === 'terminal' ? erase() : ''}${text}`);
      linesDrawn = 0;
    },
    stop() {
      clearInterval(timer);
      show(true);
      linesDrawn = 0;
    },
  };
}
