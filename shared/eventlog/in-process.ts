/** The event log within one process: a queue bounded by the bytes of the batches in it. */
import { batchBytes } from '#shared/eventlog/event-batch';
import type { EventLog, LogRecord } from '#shared/eventlog/event-log';

export function inProcessEventLog({ bytesMax }: { readonly bytesMax: number }): EventLog {
  const records: LogRecord[] = [];
  let bytes = 0;
  let ended = false;
  let failure: unknown;
  let isAbandoned = false;
  const waiting = new Set<() => void>();
  const wakeAll = (): void => {
    for (const wake of waiting) wake();
    waiting.clear();
  };
  const change = (): Promise<void> => new Promise((wake) => waiting.add(wake));

  return {
    async append(record) {
      // One record always fits, however large, or it would wait for ever.
      while (bytes > 0 && bytes >= bytesMax && !isAbandoned) await change();
      if (isAbandoned) throw new Error('Nobody reads the event log any more.');
      records.push(record);
      bytes += recordBytes(record);
      wakeAll();
    },
    end(error) {
      ended = true;
      failure = error;
      wakeAll();
    },
    async *read() {
      try {
        for (;;) {
          const record = records.shift();
          if (record !== undefined) {
            bytes -= recordBytes(record);
            wakeAll();
            yield record;
          } else if (failure !== undefined) {
            throw failure;
          } else if (ended) {
            return;
          } else {
            await change();
          }
        }
      } finally {
        isAbandoned = true;
        wakeAll();
      }
    },
  };
}

function recordBytes(record: LogRecord): number {
  return record.kind === 'batch' ? batchBytes(record.batch) : 0;
}
