import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { batchBytes } from '#shared/eventlog/event-batch';
import type { EventLog, LogRecord } from '#shared/eventlog/event-log';
import { inProcessEventLog } from '#shared/eventlog/in-process';
import { aBatch } from '#shared/testing/event-batches';

const BATCH_BYTES = batchBytes(aBatch(0, [{ line: 1 }]));

function batch(file: number): LogRecord {
  return { kind: 'batch', batch: aBatch(file, [{ line: 1 }]) };
}

/** Lets everything run that can run without anything new. */
async function settle(): Promise<void> {
  for (let at = 0; at < 20; at += 1) await turn();
}

async function filesRead(log: EventLog): Promise<number[]> {
  const files: number[] = [];
  for await (const record of log.read()) {
    if (record.kind === 'batch') files.push(record.batch.file);
  }
  return files;
}

test('records come in the order of appending, each once, whoever waits for whom', async () => {
  const log = inProcessEventLog({ bytesMax: 3 * BATCH_BYTES });
  const sent: LogRecord[] = [
    ...Array.from({ length: 50 }, (_, file) => batch(file)),
    { kind: 'file-ended', file: 3 },
    { kind: 'date-complete', logDateStartUs: 0 },
  ];
  const came: LogRecord[] = [];
  const reading = (async () => {
    for await (const record of log.read()) came.push(record);
  })();
  for (const record of sent) await log.append(record);
  log.end();
  await reading;
  expect(came).toEqual(sent);
});

test('the log is never ahead of its reader by more than the bound and the batch that crossed it', async () => {
  const log = inProcessEventLog({ bytesMax: 3 * BATCH_BYTES });
  let appended = 0;
  const writers = [0, 1, 2, 3].map(async (file) => {
    for (let at = 0; at < 10; at += 1) {
      await log.append(batch(file));
      appended += 1;
    }
  });
  await settle();
  expect(appended).toBe(3);
  let read = 0;
  for await (const _ of log.read()) {
    read += 1;
    await settle();
    expect(appended - read).toBeLessThanOrEqual(3);
    if (read === 40) break;
  }
  await Promise.all(writers);
});

test('a batch larger than the bound goes through alone', async () => {
  const log = inProcessEventLog({ bytesMax: 1 });
  const appending = (async () => {
    for (const file of [0, 1, 2]) await log.append(batch(file));
    log.end();
  })();
  expect(await filesRead(log)).toEqual([0, 1, 2]);
  await appending;
});

test('what was appended before the end is still read; what failed is thrown after it', async () => {
  const log = inProcessEventLog({ bytesMax: 10 * BATCH_BYTES });
  await log.append(batch(5));
  log.end(new Error('the disk went away'));
  const came: LogRecord['kind'][] = [];
  const read = async (): Promise<void> => {
    for await (const record of log.read()) came.push(record.kind);
  };
  await expect(read()).rejects.toThrow('the disk went away');
  expect(came).toEqual(['batch']);
});

test('a reader that waits for more hears of the end, and of a failure', async () => {
  const quiet = inProcessEventLog({ bytesMax: 1 });
  const reading = filesRead(quiet);
  await settle();
  quiet.end();
  expect(await reading).toEqual([]);
  const broken = inProcessEventLog({ bytesMax: 1 });
  const failing = filesRead(broken);
  await settle();
  broken.end(new Error('stopped'));
  await expect(failing).rejects.toThrow('stopped');
});

test('when the reader goes, a writer that waits is told instead of waiting for ever', async () => {
  const log = inProcessEventLog({ bytesMax: 1 });
  await log.append(batch(0));
  const waiting = log.append(batch(1));
  const later = log.append(batch(2));
  const told = [waiting, later].map((append) => append.then(String, String));
  for await (const _ of log.read()) break;
  await settle();
  expect((await Promise.all(told)).at(-1)).toContain('Nobody reads');
  await expect(log.append(batch(3))).rejects.toThrow('Nobody reads');
});
