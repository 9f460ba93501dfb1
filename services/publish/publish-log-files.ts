/**
 * Publishes log files to the event log: batches as they are decrypted, an end for each log file, and a
 * watermark for each date once all of its log files have ended.
 *
 *   files by date   D1 D1 D1 D2 D2 …          (`filesInflightMax` at once)
 *   event log       batch… ended batch… ended ended date-complete(D1) batch…
 *
 * A log file that fails counts as ended: one bad file must not hold the others back.
 */
import type { EventBatch } from '#shared/eventlog/event-batch';
import type { EventLog } from '#shared/eventlog/event-log';

export interface FileToPublish {
  readonly file: number;
  readonly logDateStartUs: number;
}

export interface PublishOptions<File extends FileToPublish> {
  readonly eventLog: EventLog;
  readonly filesInflightMax: number;
  /** Decrypts one log file and hands over its batches; data faults are its own to record. */
  readonly decrypt: (file: File, take: (batch: EventBatch) => Promise<void>) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Publishes `files`, which are in order of date, and ends the event log. */
export async function publishLogFiles<File extends FileToPublish>(
  files: readonly File[],
  { eventLog, filesInflightMax, decrypt, signal }: PublishOptions<File>,
): Promise<void> {
  const unfinished = new Map<number, number>();
  for (const { logDateStartUs } of files) {
    unfinished.set(logDateStartUs, (unfinished.get(logDateStartUs) ?? 0) + 1);
  }
  const dates = [...unfinished.keys()].sort((a, b) => a - b);
  let nextDate = 0;

  const publish = async (file: File): Promise<void> => {
    await decrypt(file, (batch) => eventLog.append({ kind: 'batch', batch }));
    await eventLog.append({ kind: 'file-ended', file: file.file });
    unfinished.set(file.logDateStartUs, (unfinished.get(file.logDateStartUs) ?? 1) - 1);
    while (nextDate < dates.length && unfinished.get(dates[nextDate] ?? 0) === 0) {
      const logDateStartUs = dates[nextDate] ?? 0;
      nextDate += 1;
      await eventLog.append({ kind: 'date-complete', logDateStartUs });
    }
  };

  const queue = files.values();
  const work = async (): Promise<void> => {
    for (const file of queue) {
      signal.throwIfAborted();
      await publish(file);
    }
  };
  try {
    await Promise.all(Array.from({ length: filesInflightMax }, work));
    eventLog.end();
  } catch (error) {
    eventLog.end(error);
    throw error;
  }
}
