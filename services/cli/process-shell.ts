/**
 * The shell of a real process.
 *
 * The first Ctrl-C (or SIGTERM) asks the command to finish cleanly; the second one ends the process at
 * once. A reader that goes away (EPIPE) is no fault: results are for those who want them.
 */
import { Interrupted, type Output, type Shell } from './shell.js';

const STATUS_INTERRUPTED = 130;
const COLUMNS_DEFAULT = 100;

export function processShell(system: NodeJS.Process): Shell {
  const stopping = new AbortController();
  const shell: Shell = {
    env: system.env,
    out: outputOf(system.stdout),
    err: outputOf(system.stderr),
    input: system.stdin,
    stop: stopping.signal,
    onStop: undefined,
    async flush() {
      for (const stream of [system.stdout, system.stderr]) {
        await new Promise<void>((resume) => {
          if (stream.writableLength === 0 || stream.destroyed) resume();
          else stream.write('', () => resume());
        });
      }
    },
  };
  const stop = (signal: string): void => {
    // The person asked twice: what is half-way now is put right by the next start.
    if (stopping.signal.aborted) system.exit(STATUS_INTERRUPTED);
    stopping.abort(new Interrupted(signal));
    shell.onStop?.();
  };
  system.on('SIGINT', () => stop('Ctrl-C'));
  system.on('SIGTERM', () => stop('SIGTERM'));
  return shell;
}

function outputOf(stream: NodeJS.WriteStream): Output {
  let isClosed = false;
  let wake = (): void => {};
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A stream that cannot be written to leaves nobody to tell but the exit status.
    if (error.code !== 'EPIPE') throw error;
    isClosed = true;
    wake();
  });
  stream.on('drain', () => wake());
  return {
    isTerminal: stream.isTTY === true,
    get isClosed() {
      return isClosed;
    },
    columns: () => stream.columns ?? COLUMNS_DEFAULT,
    async write(content) {
      if (isClosed || stream.write(content)) return;
      await new Promise<void>((resume) => {
        wake = resume;
      });
    },
  };
}
