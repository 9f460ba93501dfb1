/**
 * The worker pool that decrypts log files. Everything piscina stays in this file.
 *
 * A worker reads the ciphertext from the package itself; only batches of events come back, moved and
 * not copied, at the pace at which they are taken.
 */
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { EdxstreamError } from '#shared/errors';
import { type EventBatch, freeBatch } from '#shared/eventlog/event-batch';
import type { LogFileAnswer } from '#shared/eventlog/log-file-answer';
import type { Kernel } from '#shared/kernel/kernel';
import { giveHeapRoom } from '#shared/openpgp/heap-room';
import type { KeyRing } from '#shared/openpgp/key-ring';
import { receiveFrom } from '#shared/stream/port-stream';
import type { OutsideFault } from './decrypt-worker.js';
import type { LogFileTask } from './log-file-task.js';

export interface DecryptPool extends AsyncDisposable {
  readonly workers: number;
  /**
   * Decrypts one log file; `take` gets its batches in the order of its lines, and its promise is waited for
   * before more are made. Aborting stops the worker's task and rejects.
   */
  decrypt(
    task: LogFileTask,
    take: (batch: EventBatch) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<LogFileAnswer>;
}

export function openDecryptPool(options: {
  readonly keys: KeyRing;
  readonly workers: number;
  /** Whose memory batches come in; whoever takes one frees it, also where taking fails. */
  readonly kernel: Kernel;
}): DecryptPool {
  // Sources run under a loader in development, where the worker is the .ts file beside this one.
  const isSource = import.meta.url.endsWith('.ts');
  giveHeapRoom();
  const pool = new Piscina({
    filename: new URL(`./decrypt-worker.${isSource ? 'ts' : 'js'}`, import.meta.url).href,
    execArgv: isSource ? ['--conditions=source', '--import', 'tsx'] : [],
    minThreads: options.workers,
    maxThreads: options.workers,
    workerData: { keys: options.keys, kernel: options.kernel.handle },
    // Batches are passed on by a port of their own, so the pool's own fast path is not needed.
    atomics: 'disabled',
  });
  return {
    workers: options.workers,
    async decrypt(task, take, signal) {
      const { port1, port2 } = new MessageChannel();
      const answer = pool.run({ task, port: port2 }, { transferList: [port2] });
      // Whoever awaits the answer below sees its error; it must not count as unhandled before that.
      answer.catch(() => undefined);
      // What nobody takes any more must be given back: an ingest goes on with the same memory.
      const discard = (batch: EventBatch): void => freeBatch(options.kernel, batch);
      for await (const batch of receiveFrom<EventBatch>(port1, { signal, discard })) {
        await take(batch);
      }
      signal?.throwIfAborted();
      const said = (await answer) as LogFileAnswer | OutsideFault; // what the worker returns
      if (said.kind === 'outside-fault') throw new EdxstreamError(said.code, said.detail);
      return said;
    },
    async [Symbol.asyncDispose]() {
      await pool.destroy();
    },
  };
}
