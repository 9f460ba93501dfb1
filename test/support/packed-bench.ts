/**
 * What most tests of packages need: packages packed with gpg, data directories of their own, and the
 * program run on them. Opened once for a test file.
 */
import { afterAll, test as anyTest, beforeAll, vi } from 'vitest';
import { edxstream, type Run, type RunOptions, rowsOf } from './edxstream.js';
import { canPack, GpgPackages } from './gpg-packages.js';

// A test runs the program up to nine times, and the machine may have other work.
vi.setConfig({ testTimeout: 240_000 });

export class PackedBench {
  readonly packages: GpgPackages;
  #places = 0;

  constructor(packages: GpgPackages) {
    this.packages = packages;
  }

  /** A data directory that nothing has used yet. */
  freshData(): string {
    this.#places += 1;
    return this.packages.place(`data-${this.#places}`);
  }

  /** `edxstream load` with the key of the czar. */
  load(data: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
    return edxstream(
      ['load', ...args, '--key', this.packages.keyFile, '--data', data, '--json'],
      options,
    );
  }

  /** How often the learners of a data directory stand in events, as `learner1 x 2`. */
  async learners(data: string): Promise<string[]> {
    const rows = await rowsOf<{ username: string; times: string }>(
      data,
      'SELECT username, count() AS times FROM events GROUP BY username ORDER BY length(username), username',
    );
    return rows.map(({ username, times }) => (times === '1' ? username : `${username} x ${times}`));
  }
}

/** The tests of a file that packs packages: not run, and said so by name, where gpg or tar is missing. */
export const test = anyTest.skipIf(!canPack);

/** Opens a bench for the tests of one file, named for the note where they cannot run. */
export function packedBench(file: string): () => PackedBench {
  let bench: PackedBench | undefined;
  beforeAll(async () => {
    if (canPack) bench = new PackedBench(await GpgPackages.open());
    else console.warn(`Not run, because gpg or tar is missing: ${file}`);
  });
  afterAll(() => bench?.packages[Symbol.asyncDispose]());
  return () => {
    if (bench === undefined) throw new Error('There is no bench before the tests begin.');
    return bench;
  };
}

export function learnersFrom(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `learner${first + index}`);
}
