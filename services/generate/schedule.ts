/**
 * The clock of the simulation: actors (sessions, newcomers, load balancers) wait and act in order
 * of time, ties in the order they were scheduled. An actor is a generator that acts, then yields
 * how long it waits.
 */
import { assert } from '#shared/errors';

/** Yields microseconds to wait. */
export type Actor = Generator<number, void, void>;

interface Appointment {
  readonly atUs: number;
  readonly order: number;
  readonly actor: Actor;
}

export class Schedule {
  nowUs: number;
  readonly #heap: Appointment[] = [];
  #order = 0;

  constructor(startUs: number) {
    this.nowUs = startUs;
  }

  /** How many appointments were made so far: a number that never comes twice in a run. */
  get appointments(): number {
    return this.#order;
  }

  add(actor: Actor, waitUs: number): void {
    const atUs = this.nowUs + Math.max(0, Math.round(waitUs));
    this.#push({ atUs, order: this.#order++, actor });
  }

  /** Lets the next actor act, unless that is not before `endUs`; false when nobody is left. */
  step(endUs: number): boolean {
    const first = this.#heap[0];
    if (first === undefined || first.atUs >= endUs) return false;
    this.#pop();
    this.nowUs = first.atUs;
    const { value, done } = first.actor.next();
    if (done !== true) this.add(first.actor, value);
    return true;
  }

  #push(appointment: Appointment): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(appointment);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#at(above);
      if (!isBefore(appointment, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = appointment;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(this.#at(below + 1), this.#at(below))) below++;
      if (!isBefore(this.#at(below), last)) break;
      heap[at] = this.#at(below);
      at = below;
    }
    heap[at] = last;
  }

  #at(index: number): Appointment {
    const found = this.#heap[index];
    assert(found !== undefined, 'the heap has an appointment at each place');
    return found;
  }
}

function isBefore(one: Appointment, other: Appointment): boolean {
  return one.atUs < other.atUs || (one.atUs === other.atUs && one.order < other.order);
}
