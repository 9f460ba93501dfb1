import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventBatch } from '#shared/eventlog/event-batch';
import type { LogRecord } from '#shared/eventlog/event-log';
import { inProcessEventLog } from '#shared/eventlog/in-process';
import { aBatch } from '#shared/testing/event-batches';
import { type FileToPublish, publishLogFiles } from './publish-log-files.js';

const NEVER = new AbortController().signal;

interface AFile extends FileToPublish {
  /** Turns of the event loop that each step of its decrypting takes. */
  readonly turns: number;
  readonly batches: number;
}

async function decrypt(
  { file, turns, batches }: AFile,
  take: (batch: EventBatch) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < batches; at += 1) {
    for (let wait = 0; wait < turns; wait += 1) await turn();
    await take(aBatch(file, [{ line: at + 1 }]));
  }
  for (let wait = 0; wait < turns; wait += 1) await turn();
}

/** Runs publishing with a reader beside it. */
async function published(
  files: readonly AFile[],
  options: Partial<Parameters<typeof publishLogFiles<AFile>>[1]> = {},
): Promise<{ records: LogRecord[]; error: unknown; readError: unknown }> {
  const eventLog = inProcessEventLog({ bytesMax: 1000 });
  const records: LogRecord[] = [];
  const reading = (async () => {
    for await (const record of eventLog.read()) records.push(record);
  })().then(
    () => undefined,
    (error: unknown) => error,
  );
  const error = await publishLogFiles(files, {
    eventLog,
    filesInflightMax: 2,
    decrypt,
    signal: NEVER,
    ...options,
  }).then(
    () => undefined,
    (fault: unknown) => fault,
  );
  return { records, error, readError: await reading };
}

const someFiles: fc.Arbitrary<AFile[]> = fc
  .array(
    fc.record({
      day: fc.integer({ min: 0, max: 4 }),
      turns: fc.integer({ min: 0, max: 5 }),
      batches: fc.integer({ min: 0, max: 3 }),
    }),
    { maxLength: 12 },
  )
  .map((drawn) =>
    drawn
      .toSorted((a, b) => a.day - b.day)
      .map(({ day, ...rest }, file) => ({ file, logDateStartUs: day * 86_400e6, ...rest })),
  );

test('a date is complete once, in order, and only after all of its log files and their batches', async () => {
  await fc.assert(
    fc.asyncProperty(someFiles, fc.integer({ min: 1, max: 5 }), async (files, filesInflightMax) => {
      const { records, error, readError } = await published(files, { filesInflightMax });
      expect([error, readError]).toEqual([undefined, undefined]);
      const dates = [...new Set(files.map(({ logDateStartUs }) => logDateStartUs))];
      const marks = records.filter((record) => record.kind === 'date-complete');
      expect(marks.map(({ logDateStartUs }) => logDateStartUs)).toEqual(dates);
      for (const { file, logDateStartUs, batches } of files) {
        const kinds = records.flatMap((record): string[] => {
          if (record.kind === 'batch') return record.batch.file === file ? ['batch'] : [];
          if (record.kind === 'file-ended') return record.file === file ? ['ended'] : [];
          return record.logDateStartUs === logDateStartUs ? ['date'] : [];
        });
        expect(kinds).toEqual([...Array(batches).fill('batch'), 'ended', 'date']);
      }
    }),
    { numRuns: 100 },
  );
});

test('never more log files are open at once than may be, and all of them are used', async () => {
  const files = Array.from({ length: 12 }, (_, file) => {
    return { file, logDateStartUs: 0, turns: (file * 7) % 5, batches: 2 };
  });
  for (const filesInflightMax of [1, 3, 20]) {
    let open = 0;
    let most = 0;
    await published(files, {
      filesInflightMax,
      decrypt: async (file, take) => {
        open += 1;
        most = Math.max(most, open);
        await decrypt(file, take);
        open -= 1;
      },
    });
    expect(most).toBe(Math.min(filesInflightMax, 12));
  }
});

test('no log files at all: the log ends', async () => {
  expect(await published([])).toEqual({ records: [], error: undefined, readError: undefined });
});

test('a fault of decrypting ends the log with it, and its date never becomes complete', async () => {
  const files = [0, 1, 2, 3].map((file) => ({ file, logDateStartUs: 0, turns: 1, batches: 1 }));
  const fault = new Error('the worker is gone');
  const { records, error, readError } = await published(files, {
    decrypt: (file, take) => (file.file === 2 ? Promise.reject(fault) : decrypt(file, take)),
  });
  expect(error).toBe(fault);
  expect(readError).toBe(fault);
  expect(records.some(({ kind }) => kind === 'date-complete')).toBe(false);
});

test('after a stop no further log file is begun, and the log ends with the reason', async () => {
  const files = Array.from({ length: 10 }, (_, file) => {
    return { file, logDateStartUs: file, turns: 1, batches: 1 };
  });
  const stop = new AbortController();
  const begun: number[] = [];
  const { error, readError } = await published(files, {
    signal: stop.signal,
    decrypt: async (file, take) => {
      begun.push(file.file);
      await decrypt(file, take);
      if (file.file === 3) stop.abort(new Error('Ctrl-C'));
    },
  });
  expect(String(error)).toBe('Error: Ctrl-C');
  expect(readError).toBe(error);
  expect(begun.length).toBeLessThanOrEqual(5);
});

test('a reader that leaves ends the publishing', async () => {
  const eventLog = inProcessEventLog({ bytesMax: 1 });
  const files = [0, 1, 2].map((file) => ({ file, logDateStartUs: file, turns: 0, batches: 3 }));
  const publishing = publishLogFiles(files, {
    eventLog,
    filesInflightMax: 2,
    decrypt,
    signal: NEVER,
  });
  const told = expect(publishing).rejects.toThrow('Nobody reads');
  for await (const _ of eventLog.read()) break;
  await told;
});
