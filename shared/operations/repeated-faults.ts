/**
 * A fault that comes again and again is told once, and then once a window with how often it came, so that
 * a server that is away for a night leaves some lines and not a million.
 *
 *   10:00:00 warn  "The warehouse does not answer."  {"error": …}
 *   10:01:00 warn  "The warehouse does not answer."  {"times": 58, "firstError": …, "windowSeconds": 60}
 */
import type { Log } from '#shared/operations/log';

interface Window {
  readonly message: string;
  readonly first: object;
  readonly sinceMs: number;
  again: number;
}

export interface RepeatedFaultsOptions {
  readonly windowMs: number;
  /** Milliseconds that only ever grow. */
  readonly nowMs: () => number;
}

export class RepeatedFaults {
  readonly #log: Log;
  readonly #options: RepeatedFaultsOptions;
  readonly #windows = new Map<string, Window>();

  constructor(log: Log, options: RepeatedFaultsOptions) {
    this.#log = log;
    this.#options = options;
  }

  /** Faults with the same message are the same fault; messages are fixed sentences, so there are few. */
  warn(message: string, fields: object): void {
    const nowMs = this.#options.nowMs();
    const window = this.#windows.get(message);
    if (window !== undefined && nowMs - window.sinceMs < this.#options.windowMs) {
      window.again += 1;
      return;
    }
    if (window !== undefined && window.again > 0) this.#summarize(window);
    else this.#log.warn(fields, message);
    this.#windows.set(message, { message, first: fields, sinceMs: nowMs, again: 0 });
  }

  /** Tells what has not been told yet; called when the fault is over or the process ends. */
  flush(): void {
    for (const window of this.#windows.values()) if (window.again > 0) this.#summarize(window);
    this.#windows.clear();
  }

  #summarize({ message, first, again }: Window): void {
    const windowSeconds = this.#options.windowMs / 1000;
    this.#log.warn({ ...first, times: again, windowSeconds }, message);
  }
}
