/**
 * Two sessions of sinks at the same part, in every order that matters, on the real engine: what is in the table
 * in the end is there once.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KafkaMessage } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKernel } from '#shared/kernel/kernel';
import { aLedgerEntry } from '#shared/testing/ledger-entries';
import { LineScanner } from '#shared/tracking/line-scanner';
import { type EmbeddedWarehouse, openEmbeddedWarehouse } from '#shared/warehouse/embedded';
import { newFileId, writeEntries } from '#shared/warehouse/log-file-ledger';
import {
  type LogFilePart,
  readParts,
  removeUnkept,
  sweepParts,
  writeParts,
} from '#shared/warehouse/log-file-parts';
import { migrate } from '#shared/warehouse/migrate';
import type { Warehouse } from '#shared/warehouse/warehouse';
import { chooseParts } from '../load/choose-parts.js';
import type { CommittedPartition } from './sink-parts.js';
import { SinkSession } from './sink-session.js';

const KERNEL = createKernel(512 << 20);
const DATE = '2013-10-22';
const COURSES = ['A/B/C', 'course-v1:D+E+F'];
const LINES = 40;

let place: string;
let warehouse: EmbeddedWarehouse;
let run = 1000;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'edxstream-sink-'));
  warehouse = await openEmbeddedWarehouse(join(place, 'data'), { command: 'a test' });
  await migrate(warehouse);
});
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]();
  await rm(place, { recursive: true, force: true });
});

/** The records of one log file in one partition, as an ingest publishes them. */
function records(fileId: number, { lost = 0 }: { readonly lost?: number } = {}): KafkaMessage[] {
  const markers = { run: String(run), file: String(fileId) };
  const identity = { organization: 'A', site: 'prod', server: 's1', 'log-date': DATE };
  const lines = Array.from({ length: LINES }, (_, at) => {
    const course = COURSES[at % 2] ?? '';
    return message(course, aLine(at, course), {
      ...{ kind: 'lines', ...markers, ...identity, lines: String(at + 1), times: '0' },
    });
  });
  const ended = {
    kind: 'file-ended',
    ...markers,
    ...identity,
    outcome: 'read',
    count: String(LINES),
  };
  return [
    message('', undefined, { kind: 'run-begun', run: String(run) }),
    ...lines.slice(0, LINES - lost),
    message('', undefined, ended),
  ].map((one, offset) => ({ ...one, offset: String(offset) }));
}

function aLine(at: number, course: string): string {
  const time = `2013-10-22T10:00:${String(59 - at).padStart(2, '0')}.000001+00:00`;
  return JSON.stringify({ time, username: `u${at}`, context: { course_id: course } });
}

function runEnded(offset: number): KafkaMessage[] {
  return [
    { ...message('', undefined, { kind: 'run-ended', run: String(run) }), offset: String(offset) },
  ];
}

function message(
  key: string,
  value: string | undefined,
  headers: Record<string, string>,
): KafkaMessage {
  return {
    key: Buffer.from(key),
    value: value === undefined ? null : Buffer.from(value),
    timestamp: '0',
    attributes: 0,
    offset: '0',
    headers,
  };
}

const NEW: CommittedPartition = {
  ...{ partition: 0, offset: 0n, run: 0, isEnded: false, dateCompleteUs: null },
};

interface Opened {
  readonly session: SinkSession;
  readonly commits: bigint[];
}

async function open({
  through = warehouse,
  onFailed = (error: unknown): void => expect(error).toBeUndefined(),
}: {
  readonly through?: Warehouse;
  readonly onFailed?: (error: unknown) => void;
} = {}): Promise<Opened> {
  const commits: bigint[] = [];
  const session = await SinkSession.open([NEW], {
    ...{ warehouse: through, kernel: KERNEL, scanner: new LineScanner(KERNEL), onFailed },
    ...{ releaseBytes: 1 << 20, windowBytesMax: 64 << 20, queueBytesMax: 8 << 20 },
    commit: async (partitions) => void commits.push(...partitions.map(({ offset }) => offset)),
    ...{ onInserted: ignore, onWindow: ignore, onDuplicates: ignore, onDateComplete: ignore },
  });
  return { session, commits };
}

function ignore(): void {}

async function begin(): Promise<{
  readonly fileId: number;
  readonly entry: ReturnType<typeof aLedgerEntry>;
}> {
  run += 10;
  const fileId = newFileId();
  const entry = aLedgerEntry({ file_id: fileId, state: 'loading', log_date: DATE, revision: 0 });
  await writeEntries(warehouse, [entry]);
  return { fileId, entry };
}

/** What the planner does once all is loaded. */
async function settle(entry: ReturnType<typeof aLedgerEntry>): Promise<readonly LogFilePart[]> {
  const parts = await readParts(warehouse, { run, states: ['loaded', 'broken'] });
  const ofFile = parts.filter(({ file_id }) => file_id === entry.file_id);
  const choice = chooseParts(ofFile, { published: [LINES], isFailed: false, isOver: false });
  if (choice.kind !== 'complete') throw new Error(`It is ${choice.kind}.`);
  await writeParts(
    warehouse,
    choice.kept.map((part) => ({ ...part, revision: 2, state: 'kept' })),
  );
  await writeEntries(warehouse, [{ ...entry, state: 'loaded', revision: 1, lines: LINES }]);
  await removeUnkept(warehouse, { run, fileIds: [entry.file_id] });
  return choice.kept;
}

/** How many rows a log file has, how many lines, and which sessions they are of. */
async function rowsOf(fileId: number) {
  const [found] = await warehouse.query<{ rows: string; lines: string; sinks: string }>(
    `SELECT toString(count()) AS rows, toString(uniqExact(line)) AS lines, toString(uniqExact(sink)) AS sinks
     FROM events WHERE file_id = ${fileId}`,
  );
  return found;
}

const ONCE = { rows: String(LINES), lines: String(LINES), sinks: '1' };

test('a session loads a part when the run ends, says so, and commits behind it only then', async () => {
  const { fileId, entry } = await begin();
  const { session, commits } = await open();
  await session.take(0, records(fileId));
  expect(commits.at(-1)).toBe(1n);
  await session.take(0, runEnded(LINES + 2));
  expect(commits.at(-1)).toBe(BigInt(LINES + 3));
  expect(await rowsOf(fileId)).toEqual(ONCE);
  await settle(entry);
  expect(await rowsOf(fileId)).toEqual(ONCE);
  await session.close();
});

test('a session that wakes up after the log file was settled deletes what it inserts', async () => {
  const { fileId, entry } = await begin();
  const asleep = await open();
  await asleep.session.take(0, records(fileId));
  const other = await open();
  await other.session.take(0, [...records(fileId), ...runEnded(LINES + 2)]);
  const [kept] = await settle(entry);
  await asleep.session.take(0, runEnded(LINES + 2));
  expect(await rowsOf(fileId)).toEqual(ONCE);
  const [found] = await warehouse.query<{ sink: number }>(
    `SELECT DISTINCT sink FROM events WHERE file_id = ${fileId}`,
  );
  expect(found?.sink).toBe(kept?.sink);
  await asleep.session.close();
  await other.session.close();
});

test('where two sessions have loaded the same part, the planner keeps one', async () => {
  const { fileId, entry } = await begin();
  const sessions = [await open(), await open()];
  for (const { session } of sessions) {
    await session.take(0, [...records(fileId), ...runEnded(LINES + 2)]);
  }
  // Until then they stand there twice, and the ledger says that the log file is being loaded.
  await settle(entry);
  expect(await rowsOf(fileId)).toEqual(ONCE);
  for (const { session } of sessions) await session.close();
});

test('what a session loaded is passed over by the next one', async () => {
  const { fileId, entry } = await begin();
  const first = await open();
  await first.session.take(0, [...records(fileId), ...runEnded(LINES + 2)]);
  await first.session.close();
  const second = await open();
  await second.session.take(0, [...records(fileId), ...runEnded(LINES + 2)]);
  expect(await rowsOf(fileId)).toEqual(ONCE);
  await settle(entry);
  expect(await rowsOf(fileId)).toEqual(ONCE);
  await second.session.close();
});

test('what a killed session left of a log file that is given up is swept', async () => {
  const { fileId } = await begin();
  const killed = await open();
  await killed.session.take(0, [...records(fileId), ...runEnded(LINES + 2)]);
  await warehouse.statement(`DELETE FROM log_file_versions WHERE file_id = ${fileId}`);
  await sweepParts(warehouse);
  expect(await rowsOf(fileId)).toEqual({ rows: '0', lines: '0', sinks: '0' });
  await killed.session.close();
});

test('a part of which records were lost is broken, and never counts', async () => {
  const { fileId, entry } = await begin();
  const { session } = await open();
  await session.take(0, [...records(fileId, { lost: 3 }), ...runEnded(LINES + 2)]);
  await expect(settle(entry)).rejects.toThrow('broken');
  const [part] = await readParts(warehouse, { run, states: ['broken'] });
  expect(part?.detail).toContain(`had ${LINES - 3} of its ${LINES} lines`);
  await session.close();
});

test('records of an earlier run are passed over', async () => {
  const { fileId } = await begin();
  const early = records(fileId);
  const { session } = await open();
  run += 10;
  const begun = { ...message('', undefined, { kind: 'run-begun', run: String(run) }), offset: '0' };
  const late = early.map((one, at) => ({ ...one, offset: String(at + 1) }));
  await session.take(0, [begun, ...late, ...runEnded(LINES + 3)]);
  expect(await rowsOf(fileId)).toEqual({ rows: '0', lines: '0', sinks: '0' });
  await session.close();
});

test('a warehouse that fails while a run begins ends the session, and the next one takes the same records', async () => {
  const { fileId, entry } = await begin();
  const faults: unknown[] = [];
  const gone = new Error('The warehouse is gone.');
  let isGone = false;
  // The real warehouse, which one query does not reach.
  const through: Warehouse = Object.create(warehouse, {
    query: {
      value: (...asked: Parameters<Warehouse['query']>) =>
        isGone ? Promise.reject(gone) : warehouse.query(...asked),
    },
  });
  const failing = await open({ through, onFailed: (error) => faults.push(error) });
  isGone = true;
  const all = [...records(fileId), ...runEnded(LINES + 2)];
  await expect(failing.session.take(0, all)).rejects.toBe(gone);
  isGone = false;
  await expect(failing.session.take(0, all)).rejects.toThrow('over');
  expect(faults).toEqual([gone]);
  await failing.session.close();
  const next = await open();
  await next.session.take(0, all);
  await next.session.close();
  expect(await settle(entry)).toHaveLength(1);
});
