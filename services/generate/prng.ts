/**
 * A small seeded generator of random numbers (sfc32), so that a seed and a profile give the same
 * packages on every machine. Not for keys: those come from node:crypto and openpgp.
 */
import { assert } from '#shared/errors';

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  private constructor(a: number, b: number, c: number) {
    this.#a = a;
    this.#b = b;
    this.#c = c;
    for (let round = 0; round < 12; round++) this.uint32();
  }

  /** A generator of its own for each list of parts: what one draws never moves another. */
  static of(...parts: readonly (string | number)[]): Random {
    const text = parts.join('\u0000');
    return new Random(hash(text, 0x811c9dc5), hash(text, 0x2545f491), hash(text, 0x9e3779b9));
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** From 0 up to, not including, 1. */
  fraction(): number {
    return this.uint32() / 4294967296;
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** A whole number of the closed range. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    assert(item !== undefined, 'a pick is made from a list that is not empty');
    return item;
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.fraction());
  }

  /** Mean 0, standard deviation 1, near enough: the sum of twelve draws. */
  normal(): number {
    let sum = -6;
    for (let draw = 0; draw < 12; draw++) sum += this.fraction();
    return sum;
  }

  hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += this.uint32().toString(16).padStart(8, '0');
    return text.slice(0, digits);
  }

  shuffle<T>(items: T[]): void {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const [held, swapped] = [items[last], items[other]];
      if (held === undefined || swapped === undefined) continue;
      items[last] = swapped;
      items[other] = held;
    }
  }
}

function hash(text: string, basis: number): number {
  let value = basis;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
    value ^= value >>> 15;
  }
  return value | 0;
}
