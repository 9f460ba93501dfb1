/** The piscina worker: keys come once with the worker, log files one by one. */
import type { MessagePort } from 'node:worker_threads';
import { workerData } from 'piscina';
import { EdxstreamError, type ErrorCode } from '#shared/errors';
import { type EventBatch, transferables } from '#shared/eventlog/event-batch';
import type { LogFileAnswer } from '#shared/eventlog/log-file-answer';
import { type KeyRing, restoreKeyRing } from '#shared/openpgp/key-ring';
import { sendOver } from '#shared/stream/port-stream';
import { type ColumnMemory, freshColumns } from './column-memory.js';
import { decryptLogFile } from './decrypt-log-file.js';
import type { LogFileTask } from './log-file-task.js';

/** Batches that may wait for the main thread, per log file: enough to keep both busy. */
const INFLIGHT_MAX = 2;

// What piscina hands on as the worker's own data is declared by decrypt-pool.ts, the only caller.
const { keys } = workerData as { readonly keys: readonly Uint8Array[] };
/** Memory of batches that came back and can be filled again. */
const windows: SharedArrayBuffer[] = [];
const columns: ColumnMemory[] = [];
let ring: Promise<KeyRing> | undefined;

/** The memory of a batch that has been loaded. */
export interface SpareMemory {
  readonly window: SharedArrayBuffer;
  readonly columns: ColumnMemory;
}

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
  ring ??= restoreKeyRing([...keys]);
  const sender = sendOver<EventBatch, SpareMemory>(port, INFLIGHT_MAX, keepSpare);
  const stop = new AbortController();
  port.on('close', () => stop.abort());
  try {
    return await decryptLogFile(task, {
      keys: await ring,
      send: (batch) => sender.send(batch, transferables(batch)),
      memory: { takeWindow, takeColumns, giveBack },
      signal: stop.signal,
    });
  } catch (error) {
    if (!(error instanceof EdxstreamError)) throw error;
    return { kind: 'outside-fault', code: error.code, detail: error.message };
  } finally {
    sender.end();
  }
}

function keepSpare(spare: SpareMemory): void {
  windows.push(spare.window);
  columns.push(spare.columns);
}

function takeWindow(sizeBytes: number): Buffer {
  // Windows of another size, of the ends of log files or of long lines, are few and let go.
  let window = windows.pop();
  while (window !== undefined && window.byteLength !== sizeBytes) window = windows.pop();
  return Buffer.from(window ?? new SharedArrayBuffer(sizeBytes));
}

/** Shared memory is not counted by the collector, so what is not given back stays for long. */
function giveBack(memory: { window?: Buffer; columns: ColumnMemory }): void {
  columns.push(memory.columns);
  const window = memory.window?.buffer;
  if (window instanceof SharedArrayBuffer) windows.push(window);
}

function takeColumns(): ColumnMemory {
  return columns.pop() ?? freshColumns();
}
