/** What a command has of the process it runs in: streams, environment, and the wish to stop. */
import type { Environment } from '#shared/config/settings';

export interface Output {
  readonly isTerminal: boolean;
  /** True once whoever read it has gone away (`| head`); what is written after that is lost, rightly. */
  readonly isClosed: boolean;
  columns(): number;
  /** Resolves when the stream takes more; those who write little need not wait. */
  write(content: string | Uint8Array): Promise<void>;
}

export interface Shell {
  readonly env: Environment;
  /** Results. */
  readonly out: Output;
  /** Text for people: progress, warnings, errors. */
  readonly err: Output;
  readonly input: NodeJS.ReadStream;
  /** Aborted, with an `Interrupted`, by the first Ctrl-C or SIGTERM. */
  readonly stop: AbortSignal;
  /** Called when the wish to stop comes, to tell the person. */
  onStop: (() => void) | undefined;
  /** Resolves when everything written has gone out. */
  flush(): Promise<void>;
}

/** The reason with which work is stopped because a person wants it. */
export class Interrupted extends Error {
  constructor(signal: string) {
    super(`Stopped by ${signal}.`);
    this.name = 'Interrupted';
  }
}
