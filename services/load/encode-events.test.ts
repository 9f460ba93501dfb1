import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  DICTIONARY_FIELDS,
  type EventBatch,
  freeBatch,
  TEXT_COLUMNS,
} from '#shared/eventlog/event-batch';
import type { MergedRows } from '#shared/eventlog/merged-run';
import { type AnEvent, aBatch, inKernel } from '#shared/testing/event-batches';
import { usedKernel } from '#shared/testing/kernel';
import { type EmbeddedWarehouse, openEmbeddedWarehouse } from '#shared/warehouse/embedded';
import { EVENT_COLUMNS, EventEncoder } from './encode-events.js';
import type { LoadingFile } from './loading-file.js';

let place: string;
let engine: EmbeddedWarehouse;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'edxstream-encode-'));
  engine = await openEmbeddedWarehouse(join(place, 'data'), { command: 'a test' });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(place, { recursive: true, force: true });
});

const KERNEL = usedKernel();
const ENCODER = new EventEncoder(KERNEL);
const FILES: readonly LoadingFile[] = [
  { organization: 'UnivA', site: 'prod', server: '', logDate: '2013-10-31', fileId: 2 ** 47 + 3 },
  { organization: 'UnivA', site: 'edge', server: 's\u00fcd', logDate: '2013-11-01', fileId: 1 },
  { organization: 'univa', site: 'prod', server: 'x', logDate: '2021-02-28', fileId: 2 ** 32 },
];
const FIELDS = [...DICTIONARY_FIELDS, ...TEXT_COLUMNS] as const;

/** All rows of the batches by course, batch after batch: encoding does not ask for more order. */
function rowsOf(batches: readonly EventBatch[]): MergedRows {
  const found = batches.flatMap(({ segments, order }, batch) =>
    segments.flatMap(({ course, from, to }) =>
      [...order.subarray(from, to)].map((row) => ({ course, batch, row })),
    ),
  );
  const sorted = found.toSorted((a, b) => (a.course < b.course ? -1 : a.course > b.course ? 1 : 0));
  const names = [...new Set(sorted.map(({ course }) => course))];
  return {
    batchOf: Uint32Array.from(sorted, ({ batch }) => batch),
    rowOf: Uint32Array.from(sorted, ({ row }) => row),
    rows: sorted.length,
    courses: names.map((course) => {
      return { course, to: sorted.findLastIndex((one) => one.course === course) + 1 };
    }),
  };
}

/** Writes the encoded run to a file; how many blocks it was. */
async function encode(path: string, batches: readonly EventBatch[]): Promise<number> {
  const file = await open(path, 'w');
  let blocks = 0;
  const fileOf = (number: number): LoadingFile => FILES[number] as LoadingFile; // the test's own
  const placed = batches.map((batch) => inKernel(KERNEL, batch));
  for await (const block of ENCODER.encode(placed, rowsOf(placed), fileOf)) {
    await file.write(block);
    blocks += 1;
  }
  await file.close();
  for (const batch of placed) freeBatch(KERNEL, batch);
  return blocks;
}

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

/** What the engine must find in a row, every value of bytes in hexadecimal. */
function expected(file: number, event: AnEvent): Record<string, unknown> {
  const { organization, site, server, logDate, fileId } = FILES[file] as LoadingFile;
  const fields = FIELDS.map((name) => [name, hex(event.fields?.[name])]);
  return {
    course_id: hex(Buffer.from(event.course ?? '', 'latin1')),
    organization,
    site,
    server,
    time_state: ['ok', 'missing', 'unparsable', 'implausible'][event.timeState ?? 0],
    ...Object.fromEntries(fields),
    time: String(event.timeUs ?? 0),
    user_id: event.userId === undefined ? null : String(event.userId),
    log_date: logDate,
    line: String(event.line),
    late: event.isLate ?? false,
    raw: hex(event.raw),
    json_at: event.jsonAt ?? 0,
    file_id: String(fileId),
  };
}

async function found(path: string): Promise<readonly Record<string, unknown>[]> {
  const bytes = ['course_id', ...FIELDS, 'raw'].map((name) => `lower(hex(e.${name})) AS ${name}`);
  const rows = await engine.query<Record<string, unknown>>(
    `SELECT ${bytes.join(', ')}, organization, site, server, time_state,
       toString(toUnixTimestamp64Micro(e.time)) AS time, toString(user_id) AS user_id, log_date,
       toString(e.line) AS line, late, json_at, toString(e.file_id) AS file_id
     FROM file('${path}', Native) AS e ORDER BY e.log_date, e.line`,
  );
  return rows;
}

const EDGE_LENGTHS = [0, 1, 23, 24, 127, 128, 16_383, 16_384, 70_000];

/** An event all of whose values differ from its neighbours', with one value as long as asked. */
function anEvent(line: number, length: number): AnEvent {
  const bytes = Buffer.alloc(length, `\xff\x00\xc3(${line};`, 'latin1');
  const at = line % FIELDS.length;
  const fields = Object.fromEntries(
    FIELDS.map((name, index) => [name, index === at ? bytes : Buffer.from(`${name} ${line % 5}`)]),
  );
  return {
    line,
    course: ['', 'A/B/C', 'course-v1:A+B+C', '\u00c3\u00bc/B/C'][line % 4] ?? '',
    timeUs: 1_382_000_000_000_000 + line * 86_399_999_999,
    timeState: ([0, 0, 1, 2, 3] as const)[line % 5] ?? 0,
    isLate: line % 3 === 0,
    raw: Buffer.concat([Buffer.from('{"a": "'), bytes, Buffer.from('"}')]),
    jsonAt: line % 7,
    fields,
    ...(line % 4 === 0 ? {} : { userId: [0, -1, 2 ** 53 - 1, -(2 ** 40), 2 ** 32][line % 5] ?? 0 }),
  };
}

test('the engine reads every column as it was put in, over several months and lengths of values', async () => {
  const events = FILES.map((_, file) =>
    EDGE_LENGTHS.flatMap((length, at) =>
      [0, 1].map((twice) => anEvent(file * 1000 + at * 2 + twice + 1, length)),
    ),
  );
  const path = join(place, 'lengths.native');
  const blocks = await encode(path, [
    aBatch(0, events[0]?.slice(0, 5) ?? []),
    aBatch(1, events[1] ?? []),
    aBatch(2, []),
    aBatch(2, events[2] ?? []),
    aBatch(0, events[0]?.slice(5) ?? []),
  ]);
  expect(blocks).toBe(1);
  const rows = await found(path);
  expect(rows).toEqual(events.flatMap((ofFile, file) => ofFile.map((one) => expected(file, one))));
});

test('the columns have the names and types that are announced, in that order', async () => {
  const path = join(place, 'types.native');
  await encode(path, [aBatch(0, [anEvent(1, 1)])]);
  const columns = await engine.query<{ name: string; type: string }>(
    `DESCRIBE file('${path}', Native)`,
  );
  expect(columns.map(({ name, type }) => [name, type])).toEqual(EVENT_COLUMNS);
});

test('a run of several blocks is whole, in its order, and fills its buffers anew each time', async () => {
  const count = 40_000;
  const events = Array.from({ length: count }, (_, at): AnEvent => {
    const fields = { name: Buffer.from(`name ${at % 3001}`), path: Buffer.from(`/p/${at}`) };
    const course = `Org/C${String(Math.floor(at / 13_000))}/R`;
    return { line: at + 1, course, timeUs: 1.4e15 + at, raw: Buffer.from(`{"n":${at}}`), fields };
  });
  const path = join(place, 'blocks.native');
  const half = count / 2;
  const blocks = await encode(path, [
    aBatch(0, events.slice(0, half)),
    aBatch(0, events.slice(half)),
  ]);
  expect(blocks).toBe(Math.ceil(count / 8192));
  const [sums] = await engine.query<Record<string, string>>(
    `SELECT toString(count()) AS rows, toString(sum(line)) AS lines, toString(uniqExact(name)) AS names,
       toString(countIf(name = concat('name ', toString((line - 1) % 3001)))) AS same_name,
       toString(countIf(path = concat('/p/', toString(line - 1)))) AS same_path,
       toString(countIf(raw = concat('{"n":', toString(line - 1), '}'))) AS same_raw,
       toString(countIf(course_id = concat('Org/C', toString(intDiv(line - 1, 13000)), '/R'))) AS same_course,
       toString(countIf(toUnixTimestamp64Micro(time) = 1400000000000000 + line - 1)) AS same_time
     FROM file('${path}', Native)`,
  );
  const all = String(count);
  expect(sums).toEqual({
    rows: all,
    lines: String((count * (count + 1)) / 2),
    names: '3001',
    same_name: all,
    same_path: all,
    same_raw: all,
    same_course: all,
    same_time: all,
  });
});

test('a block larger than the buffer it is given grows, and the next one is right too', async () => {
  const raw = Buffer.alloc(15 << 20, 'x');
  const events = [1, 2, 3].map((line): AnEvent => ({ line, raw, timeUs: 1.4e15 }));
  const path = join(place, 'large.native');
  await encode(path, [aBatch(0, events)]);
  const rows = await engine.query<{ line: string; length: string }>(
    `SELECT toString(line) AS line, toString(length(raw)) AS length FROM file('${path}', Native)`,
  );
  expect(rows).toEqual(
    events.map(({ line }) => ({ line: String(line), length: String(15 << 20) })),
  );
});

test('a run without rows is no block at all', async () => {
  expect(await encode(join(place, 'none.native'), [aBatch(0, [])])).toBe(0);
});
