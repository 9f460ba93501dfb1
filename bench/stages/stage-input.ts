/** What a stage is told (the record of the archive, a file) and what it answers (one line, JSON). */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { KeyRing } from '#shared/openpgp/key-ring';
import { openKeyRing } from '#shared/openpgp/open-key-ring';
import { openMessage } from '#shared/openpgp/read-message';
import { openMember } from '#shared/packages/member-source';

export interface StageFile {
  readonly path: string;
  readonly storedBytes: number;
  readonly logDate: string;
}

export interface StageInput {
  /** A file with an unlocked key. */
  readonly key: string;
  /** In the order of processing. */
  readonly files: readonly StageFile[];
}

export interface StageAnswer {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly events: number;
  readonly plaintextBytes: number;
  readonly checksum: string;
}

export function stageInput(): StageInput {
  // Written by bench/archive.ts, whose record holds these fields.
  return JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as StageInput;
}

export async function readKeys(file: string): Promise<KeyRing> {
  const { ring } = await openKeyRing([{ name: file, bytes: await readFile(file) }], async () => {
    throw new Error('The key of a benchmark has no passphrase.');
  });
  return ring;
}

/** The plaintext of a log file, verified. */
export async function* plaintextOf(file: StageFile, keys: KeyRing): AsyncIterable<Buffer> {
  const location = { path: file.path, offset: 0, bytes: file.storedBytes, compression: 'none' };
  const opened = await openMessage(openMember(file.path, { ...location, compression: 'none' }), {
    keys,
  });
  if (opened.kind !== 'keep') throw new Error(`${file.path} cannot be read: ${opened.reason}`);
  yield* opened.value.plaintext();
}

/** Runs `work` and adds what it took of the clock and of the processor, all threads together. */
export async function timed(
  work: () => Promise<Omit<StageAnswer, 'seconds' | 'cpuSeconds'>>,
): Promise<StageAnswer> {
  const before = process.cpuUsage();
  const began = performance.now();
  const result = await work();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { seconds, cpuSeconds: (user + system) / 1e6, ...result };
}
