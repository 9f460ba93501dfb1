/** Random numbers from a seed that a failing test can be run with again: EDXSTREAM_TEST_SEED. */
import { randomInt } from 'node:crypto';

const { EDXSTREAM_TEST_SEED: givenSeed } = process.env;

export interface SeededRandom {
  readonly seed: number;
  /** From 0 up to but not including 1. */
  next(): number;
}

/** Prints its seed, since the moments of faults are not the same from run to run. */
export function seededRandom(what: string): SeededRandom {
  const seed = givenSeed === undefined ? randomInt(2 ** 31) : Number(givenSeed);
  console.log(`${what}: EDXSTREAM_TEST_SEED=${seed}`);
  let state = seed;
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, next };
}
