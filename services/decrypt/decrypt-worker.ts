/** The piscina worker: keys come once with the worker, log files one by one. */
import type { MessagePort } from 'node:worker_threads';
import { workerData } from 'piscina';
import { EdxstreamError, type ErrorCode } from '#shared/errors';
import { type EventBatch, freeBatch, transferables } from '#shared/eventlog/event-batch';
import type { LogFileAnswer } from '#shared/eventlog/log-file-answer';
import { joinKernel, type KernelHandle } from '#shared/kernel/kernel';
import type { KeyRing } from '#shared/openpgp/key-ring';
import { sendOver } from '#shared/stream/port-stream';
import { LineScanner } from '#shared/tracking/line-scanner';
import { decryptLogFile } from './decrypt-log-file.js';
import type { LogFileTask } from './log-file-task.js';

/** Batches that may wait for the main thread, per log file: enough to keep both busy. */
const INFLIGHT_MAX = 2;

// What piscina hands on as the worker's own data is declared by decrypt-pool.ts, the only caller.
const { keys, kernel } = workerData as {
  readonly keys: KeyRing;
  readonly kernel: KernelHandle;
};
const scanner = new LineScanner(joinKernel(kernel));

export interface WorkerTask {
  readonly task: LogFileTask;
  readonly port: MessagePort;
}

/** A fault of the world; as an error it would lose its code on its way between threads. */
export interface OutsideFault {
  readonly kind: 'outside-fault';
  readonly code: ErrorCode;
  readonly detail: string;
}

export default async function run({
  task,
  port,
}: WorkerTask): Promise<LogFileAnswer | OutsideFault> {
  const sender = sendOver<EventBatch>(port, INFLIGHT_MAX);
  const send = async (batch: EventBatch): Promise<void> => {
    try {
      await sender.send(batch, transferables(batch));
    } catch (error) {
      freeBatch(scanner.state.kernel, batch);
      throw error;
    }
  };
  try {
    return await decryptLogFile(task, {
      keys,
      send,
      scanner,
      signal: sender.stopped,
    });
  } catch (error) {
    if (!(error instanceof EdxstreamError)) throw error;
    return { kind: 'outside-fault', code: error.code, detail: error.message };
  } finally {
    sender.end();
  }
}
