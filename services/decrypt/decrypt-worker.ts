/** The piscina worker: keys come once with the worker, log files one by one. */
import type { MessagePort } from 'node:worker_threads';
import { workerData } from 'piscina';
import { type EventBatch, transferables } from '#shared/eventlog/event-batch';
import type { LogFileAnswer } from '#shared/eventlog/log-file-answer';
import { type KeyRing, restoreKeyRing } from '#shared/openpgp/key-ring';
import { sendOver } from '#shared/stream/port-stream';
import { decryptLogFile } from './decrypt-log-file.js';
import type { LogFileTask } from './log-file-task.js';

/** Batches that may wait for the main thread, per log file: enough to keep both busy. */
const INFLIGHT_MAX = 2;

// What piscina hands on as the worker's own data is declared by decrypt-pool.ts, the only caller.
const { keys } = workerData as { readonly keys: readonly Uint8Array[] };
/** Windows that came back and can be filled again. */
const spares: SharedArrayBuffer[] = [];
let ring: Promise<KeyRing> | undefined;

export interface WorkerTask {
  readonly task: LogFileTask;
  readonly port: MessagePort;
}

export default async function run({ task, port }: WorkerTask): Promise<LogFileAnswer> {
  ring ??= restoreKeyRing([...keys]);
  const sender = sendOver<EventBatch>(port, INFLIGHT_MAX, (spare) => spares.push(spare));
  const stop = new AbortController();
  port.on('close', () => stop.abort());
  try {
    return await decryptLogFile(task, {
      keys: await ring,
      send: (batch) => sender.send(batch, transferables(batch)),
      takeWindow,
      signal: stop.signal,
    });
  } finally {
    sender.end();
  }
}

/**
 * Shared and not moved: V8 counts memory that is moved from thread to thread as freshly allocated each
 * time, and collected the whole heap of the main thread every few batches because of it.
 */
function takeWindow(sizeBytes: number): Buffer {
  const spare = spares.pop();
  return Buffer.from(spare?.byteLength === sizeBytes ? spare : new SharedArrayBuffer(sizeBytes));
}
