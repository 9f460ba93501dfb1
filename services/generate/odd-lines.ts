/**
 * The odd lines: every shape that real tracking logs have beside the ordinary ones, with what each
 * counts as. The shapes take turns, so that a run long enough has all of them; how often, the
 * profile says. They come in addition to ordinary lines, so what a learner did stays consistent.
 */
import { assert } from '#shared/errors';
import { MALFORMED_SHAPES } from './odd-malformed.js';
import { PROVENANCE_SHAPES } from './odd-provenance.js';
import { SECRET_SHAPES } from './odd-secrets.js';
import { TIME_SHAPES } from './odd-times.js';
import type { Random } from './prng.js';
import type { Session } from './session.js';
import type { LineOutcome } from './tally.js';

export interface OddLine {
  readonly line: string;
  readonly outcome: LineOutcome;
}

/** Makes the lines of a shape (most make one) in a session, at a time. */
export type OddShape = (session: Session, nowUs: number, random: Random) => readonly OddLine[];

const SHAPES: readonly (readonly [name: string, shape: OddShape])[] = [
  ...Object.entries(TIME_SHAPES),
  ...Object.entries(PROVENANCE_SHAPES),
  ...Object.entries(MALFORMED_SHAPES),
  ...Object.entries(SECRET_SHAPES),
];

export class OddLines {
  /** How often each shape was written. */
  readonly counts: Record<string, number> = {};
  readonly #random: Random;
  #turn: (typeof SHAPES)[number][] = [];

  constructor(random: Random) {
    this.#random = random;
    for (const [name] of SHAPES) this.counts[name] = 0;
  }

  next(session: Session, nowUs: number): readonly OddLine[] {
    if (this.#turn.length === 0) {
      this.#turn = [...SHAPES];
      this.#random.shuffle(this.#turn);
    }
    const turn = this.#turn.pop();
    assert(turn !== undefined, 'there are odd shapes');
    const [name, shape] = turn;
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    return shape(session, nowUs, this.#random);
  }
}
