/**
 * Whether a process is alive, and whether it is ready.
 *
 *   alive   every loop that promised to turn has turned within its time. Not alive: restart it.
 *   ready   every condition that the process needs holds, and it is not draining. Not ready: leave it
 *           alone, it says what it waits for.
 */
export interface HealthAnswer {
  readonly ok: boolean;
  /** What is missing, in words; empty where all is well. */
  readonly missing: readonly string[];
}

export class Health {
  readonly #nowMs: () => number;
  readonly #conditions = new Map<string, boolean>();
  readonly #heard = new Map<string, { heardAtMs: number; readonly withinMs: number }>();
  readonly #loops = new Map<string, { turnedAtMs: number; readonly withinMs: number }>();

  constructor({ nowMs }: { readonly nowMs: () => number }) {
    this.#nowMs = nowMs;
  }

  /** Names a condition that the process is not ready without: `kafka`, `warehouse`, `partitions`. */
  condition(name: string, holds: boolean): void {
    this.#conditions.set(name, holds);
  }

  /** Says that something the process needs was heard of; the condition holds for so long and no longer. */
  heard(name: string, { withinMs }: { readonly withinMs: number }): void {
    this.#heard.set(name, { heardAtMs: this.#nowMs(), withinMs });
  }

  /** Says that a loop has turned, and within what time it will turn again. */
  turned(loop: string, { withinMs }: { readonly withinMs: number }): void {
    this.#loops.set(loop, { turnedAtMs: this.#nowMs(), withinMs });
  }

  /** The loop has ended and promises nothing any more. */
  ended(loop: string): void {
    this.#loops.delete(loop);
  }

  alive(): HealthAnswer {
    const missing = [...this.#loops].flatMap(([name, { turnedAtMs, withinMs }]) => {
      const sinceMs = this.#nowMs() - turnedAtMs;
      return sinceMs <= withinMs ? [] : [`${name} has not turned for ${Math.round(sinceMs)} ms`];
    });
    return { ok: missing.length === 0, missing };
  }

  ready(): HealthAnswer {
    const missing = [...this.#conditions].flatMap(([name, holds]) => (holds ? [] : [name]));
    for (const [name, { heardAtMs, withinMs }] of this.#heard) {
      const isSilent = this.#nowMs() - heardAtMs > withinMs;
      if (isSilent && !missing.includes(name)) missing.push(name);
    }
    return { ok: missing.length === 0, missing };
  }
}
