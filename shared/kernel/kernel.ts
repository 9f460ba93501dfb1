/**
 * The inner loops of reading and encoding events, compiled to WebAssembly from `assembly/`, and the memory
 * that all threads share with them.
 *
 *   main thread   createKernel() ── handle ──►  worker   joinKernel(handle)
 *                       │                            │
 *                       └──── one memory: windows, columns, blocks ────┘
 *
 * Everything is named by its *place*, an offset in the memory, so a batch goes from thread to thread without
 * a copy. The memory never grows: its size is only address space, of which the system commits what is used.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { assert } from '#shared/errors';
import { MemoryBlocks } from '#shared/kernel/memory-blocks';

/** What a worker needs to join: goes to it as data of its thread. */
export interface KernelHandle {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** The functions of `assembly/exports.ts`. All numbers are unsigned and of 32 bits. */
export interface KernelFunctions {
  findSecret(from: number, to: number): number;
  findByte(wanted: number, from: number, to: number): number;
  rememberCourse(courses: number, start: number, length: number, course: number): void;
  emptyDictionary(dictionary: number): void;
  numberOf(dictionary: number, start: number, length: number): number;
  measureStrings(
    batchOf: number,
    rowOf: number,
    rows: number,
    batches: number,
    streams: number,
  ): void;
  encodeStrings(
    batchOf: number,
    rowOf: number,
    rows: number,
    batches: number,
    streams: number,
  ): void;
  walk(state: number, open: number, end: number): number;
  scanLines(state: number): number;
}

export interface Kernel {
  readonly handle: KernelHandle;
  readonly functions: KernelFunctions;
  /** All of the memory. */
  readonly bytes: Buffer;
  readonly blocks: MemoryBlocks;
}

const PAGE_BYTES = 65_536;
const PAGES_MAX = 65_536;
/** What `assembly/` may read behind the end of what it is asked to look at. */
export const READ_AHEAD_BYTES = 32;

/**
 * @param bytesMax how much memory all threads together may use.
 * @throws RangeError where the system has no such address space.
 */
export function createKernel(bytesMax: number): Kernel {
  const pages = Math.min(Math.ceil(bytesMax / PAGE_BYTES), PAGES_MAX);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  return joinKernel({ module: new WebAssembly.Module(readFileSync(modulePath())), memory });
}

export function joinKernel(handle: KernelHandle): Kernel {
  const { module, memory } = handle;
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return {
    handle,
    // The module is built from assembly/exports.ts, which the interface above describes.
    functions: exports as unknown as KernelFunctions,
    bytes: Buffer.from(memory.buffer),
    blocks: new MemoryBlocks(memory.buffer),
  };
}

/** Beside this file in the built program; sources under a loader use the built one too. */
function modulePath(): string {
  const beside = path.join(import.meta.dirname, 'kernel.wasm');
  if (existsSync(beside)) return beside;
  const built = path.resolve(import.meta.dirname, '../../dist/shared/kernel/kernel.wasm');
  assert(existsSync(built), 'kernel.wasm is there, because `npm run build` makes it');
  return built;
}
