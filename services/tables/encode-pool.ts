/**
 * The worker pool that decrypts and encodes database files, so that the main thread is free for inserts.
 * Everything piscina stays in this file.
 *
 * A worker reads the message from the package itself, and verifies it before it sends the first part.
 * Parts come back moved and not copied, at the pace at which they are taken.
 */
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { EdxstreamError } from '#shared/errors';
import { giveHeapRoom } from '#shared/openpgp/heap-room';
import type { KeyRing } from '#shared/openpgp/key-ring';
import { receiveFrom } from '#shared/stream/port-stream';
import type { DatabaseFileToLoad } from './database-file.js';
import type { OutsideFault } from './encode-worker.js';
import type { EncodedPart } from './encoded-part.js';

export interface EncodePool extends AsyncDisposable {
  /** Leaving the loop over the parts early, or aborting, stops the worker's task. */
  encode(
    file: DatabaseFileToLoad,
    fileIndex: number,
    signal?: AbortSignal,
  ): AsyncIterable<EncodedPart>;
}

const IDLE_MS = 10_000;

export function openEncodePool(options: {
  readonly keys: KeyRing;
  readonly workers: number;
  readonly allowUnprotected: boolean;
}): EncodePool {
  // Sources run under a loader in development, where the worker is the .ts file beside this one.
  const isSource = import.meta.url.endsWith('.ts');
  giveHeapRoom();
  const { keys, workers, allowUnprotected } = options;
  const pool = new Piscina({
    filename: new URL(`./encode-worker.${isSource ? 'ts' : 'js'}`, import.meta.url).href,
    execArgv: isSource ? ['--conditions=source', '--import', 'tsx'] : [],
    // Where nothing is new nobody is started, and between two files nobody is ended.
    minThreads: 0,
    maxThreads: workers,
    idleTimeout: IDLE_MS,
    workerData: { keys, allowUnprotected },
    // Parts are passed on by a port of their own, so the pool's own fast path is not needed.
    atomics: 'disabled',
  });
  return {
    async *encode(file, fileIndex, signal) {
      signal?.throwIfAborted();
      const { port1, port2 } = new MessageChannel();
      const ended = pool.run({ file, fileIndex, port: port2 }, { transferList: [port2] });
      // Whoever awaits it below sees its error; it must not count as unhandled before that.
      ended.catch(() => undefined);
      for await (const part of receiveFrom<EncodedPart>(port1, { signal })) {
        signal?.throwIfAborted();
        yield part;
      }
      signal?.throwIfAborted();
      const fault = (await ended) as OutsideFault | undefined; // what the worker returns
      if (fault !== undefined) throw new EdxstreamError(fault.code, fault.detail);
    },
    async [Symbol.asyncDispose]() {
      await pool.destroy();
    },
  };
}
