/**
 * One log file from ciphertext to batches of events, in a worker.
 *
 * A log file that is new is read once. One that was delivered before is first only digested: the
 * answer to whether it is the same, has grown, is shorter, or is another text decides what is
 * published of it.
 *
 *   earlier   |=============~~|          ~ bytes after the last LF
 *   grown     |===============~~========|
 *                           ^ published from here, the unfinished line again under its number
 */
import { type EventBatch, freeBatch } from '#shared/eventlog/event-batch';
import type { Delivered, LineSum, LogFileAnswer } from '#shared/eventlog/log-file-answer';
import type { KeyRing } from '#shared/openpgp/key-ring';
import { openMessage, PlaintextFault, type VerifiedMessage } from '#shared/openpgp/read-message';
import { openMember } from '#shared/packages/member-source';
import type { LineScanner } from '#shared/tracking/line-scanner';
import { BatchBuilder } from './batch-builder.js';
import type { EarlierVersion, LogFileTask } from './log-file-task.js';
import { PlaintextDigest } from './plaintext-digest.js';
import { addBatch, type SumOfLines } from './sum-lines.js';

const LF = 10;
/**
 * Plaintext is digested, copied and scanned in slices that stay in the processor's cache from the first of
 * these steps to the last.
 */
const SLICE_BYTES = 128 << 10;

export interface DecryptOptions {
  readonly keys: KeyRing;
  /** Hands a batch on; waits while whoever takes it is behind. */
  readonly send: (batch: EventBatch) => Promise<void>;
  /** Used by one log file at a time. */
  readonly scanner: LineScanner;
  readonly signal?: AbortSignal;
}

/** Faults of the data come back as `failed`; only faults of the system are thrown. */
export async function decryptLogFile(
  task: LogFileTask,
  options: DecryptOptions,
): Promise<LogFileAnswer> {
  await using member = openMember(task.name, task.location);
  const opened = await openMessage(member, {
    keys: options.keys,
    allowUnprotected: task.allowUnprotected,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (opened.kind === 'reject') {
    return { kind: 'failed', reason: opened.reason, detail: opened.detail };
  }
  if (opened.kind === 'drop') return { kind: 'failed', reason: opened.reason, detail: '' };
  try {
    return task.earlier === undefined
      ? await load(task, opened.value, { fromByte: 0, fromLine: 1 }, options)
      : await loadWhatIsNew(task, opened.value, task.earlier, options);
  } catch (error) {
    if (error instanceof PlaintextFault) {
      return { kind: 'failed', reason: error.reason, detail: error.message };
    }
    throw error;
  }
}

async function loadWhatIsNew(
  task: LogFileTask,
  message: VerifiedMessage,
  earlier: EarlierVersion,
  options: DecryptOptions,
): Promise<LogFileAnswer> {
  const { delivered, digestAtEarlierEnd } = await digest(message, earlier, options.signal);
  const { warnings } = message;
  const isGrown = digestAtEarlierEnd === earlier.plaintextDigest;
  if (task.isSameDate && !isGrown && !isGreater(delivered, earlier)) {
    return { kind: 'superseded', delivered, warnings };
  }
  if (delivered.plaintextBytes < earlier.plaintextBytes) {
    return {
      kind: 'shorter',
      delivered,
      sum: await sumLines(task, message, options.scanner),
      warnings,
    };
  }
  if (!isGrown) {
    return load(task, message, { fromByte: 0, fromLine: 1 }, options);
  }
  if (delivered.plaintextBytes === earlier.plaintextBytes) {
    return { kind: 'same', delivered, warnings };
  }
  const start = {
    fromByte: earlier.plaintextBytes - earlier.tailBytes,
    fromLine: earlier.lines + (earlier.tailBytes > 0 ? 0 : 1),
  };
  return load(task, message, start, options);
}

/** Of two texts delivered under one date neither is newer; the longer one holds, so that any order ends alike. */
function isGreater(delivered: Delivered, earlier: EarlierVersion): boolean {
  if (delivered.plaintextBytes !== earlier.plaintextBytes) {
    return delivered.plaintextBytes > earlier.plaintextBytes;
  }
  return delivered.plaintextDigest > earlier.plaintextDigest;
}

async function digest(
  message: VerifiedMessage,
  earlier: EarlierVersion,
  signal: AbortSignal | undefined,
): Promise<{ readonly delivered: Delivered; readonly digestAtEarlierEnd: string | undefined }> {
  const whole = new PlaintextDigest();
  const untilEarlierEnd = new PlaintextDigest();
  const reading = new ReadSoFar();
  for await (const chunk of message.plaintext(signal)) {
    whole.update(chunk);
    const isBefore = reading.bytes < earlier.plaintextBytes;
    if (isBefore) untilEarlierEnd.update(chunk.subarray(0, earlier.plaintextBytes - reading.bytes));
    reading.add(chunk);
  }
  const isLongEnough = reading.bytes >= earlier.plaintextBytes;
  return {
    delivered: reading.delivered(whole.digest()),
    digestAtEarlierEnd: isLongEnough ? untilEarlierEnd.digest() : undefined,
  };
}

async function load(
  task: LogFileTask,
  message: VerifiedMessage,
  start: { readonly fromByte: number; readonly fromLine: number },
  { send, scanner, signal }: DecryptOptions,
): Promise<LogFileAnswer> {
  using builder = batchBuilder(task, start.fromLine, scanner);
  const digest = new PlaintextDigest();
  const reading = new ReadSoFar();
  for await (const chunk of message.plaintext(signal)) {
    signal?.throwIfAborted();
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      const slice = chunk.subarray(at, at + SLICE_BYTES);
      digest.update(slice);
      const skipped = Math.min(Math.max(start.fromByte - reading.bytes, 0), slice.length);
      reading.add(slice);
      for (const batch of builder.push(slice.subarray(skipped))) await send(batch);
    }
  }
  for (const batch of builder.finish()) await send(batch);
  return {
    kind: 'loaded',
    delivered: reading.delivered(digest.digest()),
    fromLine: start.fromLine,
    counts: builder.counts,
    last: builder.last,
    warnings: message.warnings,
  };
}

async function sumLines(
  task: LogFileTask,
  message: VerifiedMessage,
  scanner: LineScanner,
): Promise<LineSum> {
  const { kernel } = scanner.state;
  using builder = batchBuilder(task, 1, scanner);
  const reading = new ReadSoFar();
  const total: SumOfLines = { rows: 0, sum: 0n };
  const batches: EventBatch[] = [];
  for await (const chunk of message.plaintext()) {
    reading.add(chunk);
    for (const batch of builder.push(chunk)) {
      addBatch(total, batch, Number.POSITIVE_INFINITY);
      freeBatch(kernel, batch);
    }
  }
  // What is left is held, until the last line is known to be terminated or not.
  batches.push(...builder.finish());
  const isTerminated = reading.delivered('').tailBytes === 0;
  const lines = builder.counts.lines - (isTerminated ? 0 : 1);
  for (const batch of batches) addBatch(total, batch, lines + 1);
  const tail = isTerminated ? new Uint8Array() : lineBytes(batches, lines + 1);
  for (const batch of batches) freeBatch(kernel, batch);
  return { lines, rows: total.rows, sum: total.sum.toString(), tail };
}

function lineBytes(batches: readonly EventBatch[], line: number): Uint8Array {
  for (const batch of batches) {
    const row = batch.line.subarray(0, batch.rows).indexOf(line);
    if (row >= 0) {
      const start = batch.rawStart[row] ?? 0;
      return Uint8Array.prototype.slice.call(
        batch.bytes,
        start,
        start + (batch.rawLength[row] ?? 0),
      );
    }
    const rejected = batch.rejected.find((candidate) => candidate.line === line);
    if (rejected !== undefined) return rejected.raw;
  }
  return new Uint8Array();
}

function batchBuilder(task: LogFileTask, fromLine: number, scanner: LineScanner): BatchBuilder {
  return new BatchBuilder(scanner, {
    file: task.file,
    logDateStartUs: task.logDateStartUs,
    skewUs: task.skewUs,
    lineBytesMax: task.lineBytesMax,
    batchBytes: task.batchBytes,
    keepSecrets: task.keepSecrets,
    courses: task.courses === undefined ? undefined : new Set(task.courses),
    fromLine,
  });
}

/** How much plaintext has been read, and how much of it after the last LF. */
class ReadSoFar {
  bytes = 0;
  #tailBytes = 0;

  add(chunk: Buffer): void {
    const lastLf = chunk.lastIndexOf(LF);
    this.#tailBytes = lastLf < 0 ? this.#tailBytes + chunk.length : chunk.length - lastLf - 1;
    this.bytes += chunk.length;
  }

  delivered(plaintextDigest: string): Delivered {
    return { plaintextBytes: this.bytes, plaintextDigest, tailBytes: this.#tailBytes };
  }
}
