/** A shell in memory for tests: what a command writes is kept, and its input is what the test gives. */
import { PassThrough } from 'node:stream';
import type { Environment } from '#shared/config/settings';
import type { Output, Shell } from '../shell.js';

export interface ShellInMemory {
  readonly shell: Shell;
  /** What was written to standard output and to standard error so far. */
  out(): string;
  err(): string;
  readonly input: PassThrough;
  /** Asks the command to stop, as Ctrl-C would. */
  stop(reason: Error): void;
}

export function aShell({ env = {} }: { readonly env?: Environment } = {}): ShellInMemory {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const stopping = new AbortController();
  const input = new PassThrough();
  // What commands use of a terminal for input; modes change nothing in memory.
  const terminal = Object.assign(input, { isTTY: true, setRawMode: () => terminal });
  return {
    shell: {
      env,
      out: memoryOutput(out),
      err: memoryOutput(err),
      // A stream with the members above is all that commands know of it.
      input: terminal as unknown as NodeJS.ReadStream,
      stop: stopping.signal,
      onStop: undefined,
      flush: async () => undefined,
    },
    out: () => Buffer.concat(out).toString(),
    err: () => Buffer.concat(err).toString(),
    input,
    stop: (reason) => stopping.abort(reason),
  };
}

function memoryOutput(chunks: Buffer[]): Output {
  return {
    isTerminal: false,
    isClosed: false,
    columns: () => 100,
    async write(content) {
      chunks.push(Buffer.from(content));
    },
  };
}
