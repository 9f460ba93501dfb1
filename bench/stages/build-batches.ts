/** Plaintext that is held in memory, and the batches that split and scan make of it. */
import type { EventBatch } from '#shared/eventlog/event-batch';
import type * as ConfigModule from '../../services/cli/config.js';
import type * as BatchBuilderModule from '../../services/decrypt/batch-builder.js';
import type * as KernelModule from '../../shared/kernel/kernel.js';
import type * as LineScannerModule from '../../shared/tracking/line-scanner.js';
import { importBuilt } from './built.js';
import { plaintextOf, readKeys, type StageFile, type StageInput } from './stage-input.js';

export const SKEW_US = 6 * 3600e6;
/** How much plaintext a stage holds in memory to start from. */
const HELD_BYTES_MAX = 256e6;
/** As the load pushes it: see SLICE_BYTES of decrypt-log-file.ts. */
const SLICE_BYTES = 128 << 10;

const { BatchBuilder } = await importBuilt<typeof BatchBuilderModule>(
  'services/decrypt/batch-builder',
);
const { createKernel } = await importBuilt<typeof KernelModule>('shared/kernel/kernel');
const { LineScanner } = await importBuilt<typeof LineScannerModule>('shared/tracking/line-scanner');

const { loadSettings } = await importBuilt<typeof ConfigModule>('services/cli/config');

/** A load's own sizes, so that a stage is measured as it runs there. */
export const load = {
  batchBytes: defaultOf(loadSettings.batchBytes),
  lineBytesMax: defaultOf(loadSettings.lineBytesMax),
  releaseBytes: defaultOf(loadSettings.releaseBytes),
  windowBytesMax: defaultOf(loadSettings.windowBytesMax),
};

function defaultOf(
  setting: Pick<typeof loadSettings.batchBytes, 'type'> & { readonly default: string },
): number {
  return setting.type.parse(setting.default);
}

export interface HeldFile {
  readonly file: StageFile;
  readonly chunks: readonly Buffer[];
  readonly plaintextBytes: number;
}

/** Whole log files, in the order of processing, until there is enough. */
export async function holdPlaintext(input: StageInput): Promise<readonly HeldFile[]> {
  const keys = await readKeys(input.key);
  const held: HeldFile[] = [];
  let heldBytes = 0;
  for (const file of input.files) {
    if (heldBytes >= HELD_BYTES_MAX) break;
    const chunks: Buffer[] = [];
    let plaintextBytes = 0;
    for await (const chunk of plaintextOf(file, keys)) {
      chunks.push(chunk);
      plaintextBytes += chunk.length;
    }
    heldBytes += plaintextBytes;
    held.push({ file, chunks, plaintextBytes });
  }
  return held;
}

export function logDateStartUs({ logDate }: StageFile): number {
  return Date.parse(`${logDate}T00:00:00Z`) * 1000;
}

/** Whose memory the batches are in; a stage frees those that it is done with. */
export const kernel = createKernel(2 ** 31);
const scanner = new LineScanner(kernel);

export function* batchesOf({ file, chunks }: HeldFile, number: number): Iterable<EventBatch> {
  using builder = new BatchBuilder(scanner, {
    file: number,
    logDateStartUs: logDateStartUs(file),
    skewUs: SKEW_US,
    lineBytesMax: load.lineBytesMax,
    batchBytes: load.batchBytes,
    keepSecrets: false,
    courses: undefined,
    fromLine: 1,
  });
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      yield* builder.push(chunk.subarray(at, at + SLICE_BYTES));
    }
  }
  yield* builder.finish();
}
