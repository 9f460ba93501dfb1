/** A clock for tests: waiting takes no time, and things can be made to happen at moments of it. */
import type { ReplayClock } from '../replay-clock.js';

export class VirtualClock implements ReplayClock {
  #ms = 0;
  readonly #plans: { readonly ms: number; readonly action: () => void }[] = [];

  nowMs(): number {
    return this.#ms;
  }

  dateUs(): number {
    return this.#ms * 1000;
  }

  /** Something else takes so long: the clock goes on, and nobody waited for it. */
  pass(ms: number): void {
    this.#ms += ms;
  }

  /** Runs an action while somebody waits for this moment or a later one. */
  at(ms: number, action: () => void): void {
    this.#plans.push({ ms, action });
    this.#plans.sort((a, b) => a.ms - b.ms);
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const untilMs = this.#ms + ms;
    while (!signal.aborted) {
      const [next] = this.#plans;
      if (next === undefined || next.ms > untilMs) {
        this.#ms = untilMs;
        return;
      }
      this.#plans.shift();
      this.#ms = Math.max(this.#ms, next.ms);
      next.action();
    }
  }
}
