/**
 * Windows out of a real engine, small enough that everything falls on an edge of one, against a naive sort.
 * Longer than 300 lines, as all of it is about one set of events, which is made once.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EdxstreamError } from '#shared/errors';
import { type EmbeddedWarehouse, openEmbeddedWarehouse } from '#shared/warehouse/embedded';
import { migrate } from '#shared/warehouse/migrate';
import type { Warehouse } from '#shared/warehouse/warehouse';
import { readCourse } from './read-course.js';
import { Replay } from './replay.js';
import type { ReplayScope } from './replay-scope.js';
import type { ReplayedEvent, StartPoint } from './replayed-event.js';
import { VirtualClock } from './testing/virtual-clock.js';
import { warehouseSource } from './warehouse-source.js';

const COURSE = 'UniversityA/CS1/2013_Fall';
const OTHER = 'UniversityA/BIO2/2013_Fall';
const ALL: ReplayScope = {
  ...{ sites: [], fromUs: undefined, toUs: undefined, where: undefined, skipUntimed: false },
};
const BEGINNING: StartPoint = { kind: 'at-time', timeUs: 0 };
const DAY_US = 86_400e6;
const FIRST_DAY = 16_000;

interface Stored {
  readonly course: string;
  readonly timeUs: number;
  readonly isTimed: boolean;
  readonly place: readonly [site: string, organization: string, server: string];
  readonly logDay: number;
  readonly line: number;
  readonly raw: Buffer;
}

let place: string;
let warehouse: EmbeddedWarehouse;
let stored: readonly Stored[];

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'edxstream-replay-'));
  warehouse = await openEmbeddedWarehouse(join(place, 'data'), { command: 'test' });
  await migrate(warehouse);
  stored = madeEvents();
  // In four inserts of no order, so that parts overlap in time.
  for (let part = 0; part < 4; part += 1) {
    const rows = stored.filter((_, index) => index % 4 === part).map(rowOf);
    await warehouse.statement(`INSERT INTO events (course_id, time, time_state, site, organization, server, log_date, line, raw)
      SETTINGS max_query_size = 100000000 VALUES ${rows.join(',')}`);
  }
});
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]();
  await rm(place, { recursive: true, force: true });
});

/** Two thousand at one moment, busy and empty weeks, clocks far ahead, lines of no time and of no UTF-8. */
function madeEvents(): readonly Stored[] {
  const events: Stored[] = [];
  const add = (timeUs: number, given: Partial<Stored> = {}): void => {
    const index = events.length;
    const server = `prod-edxapp-00${index % 3}`;
    events.push({
      ...{ course: index % 5 === 0 ? OTHER : COURSE, timeUs, isTimed: true, line: index + 1 },
      place: [index % 7 === 0 ? 'edge' : 'prod', index % 11 === 0 ? 'b-org' : 'a-org', server],
      logDay: FIRST_DAY + (index % 2),
      raw: Buffer.concat([
        Buffer.from(`{"n": ${index}, "s": "`),
        Buffer.from([0xff, 0, 0xc3, 0x5c]),
      ]),
      ...given,
    });
  };
  const start = FIRST_DAY * DAY_US;
  for (let n = 0; n < 2000; n += 1) add(start + 3_600e6);
  for (let n = 0; n < 1500; n += 1) add(start + ((n * 7919 * 1e6) % DAY_US));
  // Two months of nothing, then a little, one line of them large.
  for (let n = 0; n < 40; n += 1) add(start + 61 * DAY_US + n * 1e6, { logDay: FIRST_DAY + 61 });
  add(start + 61 * DAY_US, { raw: Buffer.alloc(3 << 20, 'x'), logDay: FIRST_DAY + 61 });
  for (let n = 0; n < 50; n += 1) {
    add((FIRST_DAY + 1 + (n % 3)) * DAY_US - 1, { isTimed: false, logDay: FIRST_DAY + (n % 3) });
  }
  add(Date.UTC(2254, 11, 31) * 1000);
  return events;
}

function rowOf({ course, timeUs, isTimed, place, logDay, line, raw }: Stored): string {
  const texts = place.map((text) => `'${text}'`).join(', ');
  const time = `fromUnixTimestamp64Micro(${timeUs}, 'UTC')`;
  const state = isTimed ? 'ok' : 'missing';
  return `('${course}', ${time}, '${state}', ${texts}, toDate(${logDay}), ${line}, unhex('${raw.toString('hex')}'))`;
}

/** What has to come: all of it by time, then by where lines stand. */
function expected(of: (event: Stored) => boolean): Stored[] {
  const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return stored
    .filter(of)
    .toSorted(
      (a, b) =>
        a.timeUs - b.timeUs ||
        byText(a.place.join('\n'), b.place.join('\n')) ||
        a.logDay - b.logDay ||
        a.line - b.line,
    );
}

interface Read {
  readonly scope?: ReplayScope;
  readonly start?: StartPoint;
  readonly windowBytes?: number;
  readonly from?: Warehouse;
  readonly course?: string;
}

async function read({ from = warehouse, course = COURSE, ...given }: Read = {}) {
  const events: ReplayedEvent[] = [];
  const signal = new AbortController().signal;
  const defaults = { scope: ALL, start: BEGINNING, windowBytes: 4096 };
  for await (const slice of readCourse(from, course, { ...defaults, ...given, signal })) {
    events.push(...slice);
  }
  return events;
}

function expectSame(events: readonly ReplayedEvent[], wanted: readonly Stored[]): void {
  expect(events.map(({ line }) => line)).toEqual(wanted.map(({ line }) => line));
  for (const [index, event] of events.entries()) {
    const { place: texts = [], timeUs, isTimed, logDay, raw } = wanted[index] ?? {};
    const { site, organization, server } = event;
    expect([site, organization, server, event.timeUs, event.hasTime, event.logDay]).toEqual([
      ...[...texts, timeUs, isTimed, logDay],
    ]);
    expect(raw?.equals(event.raw)).toBe(true);
  }
}

/** The engine of this test, with what is asked of it in bytes in the hands of the test. */
function through(
  fetchBytes: Warehouse['fetchBytes'],
  kind: Warehouse['kind'] = warehouse.kind,
): Warehouse {
  return {
    kind,
    statement: warehouse.statement.bind(warehouse),
    query: warehouse.query.bind(warehouse),
    bulkInsert: warehouse.bulkInsert.bind(warehouse),
    fetchBytes,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

const ofCourse = ({ course }: Stored): boolean => course === COURSE;

test.each([1024, 4096, 65_536, 16 << 20])(
  'a course is the same in windows of %d bytes: by time and place, byte for byte',
  async (windowBytes) => {
    expectSame(await read({ windowBytes }), expected(ofCourse));
  },
);

test('a window holds no more than it may, but for the lines of one block of the engine', async () => {
  const sizes: number[] = [];
  const watching = through(async (...question) => {
    const bytes = await warehouse.fetchBytes(...question);
    sizes.push(bytes.length);
    return bytes;
  });
  await read({
    from: watching,
    windowBytes: 16_384,
    scope: { ...ALL, where: 'length(raw) < 1000' },
  });
  // The first window is taken before it is known what lines weigh.
  expect(Math.max(...sizes.slice(1))).toBeLessThan(3 * 16_384);
  expect(sizes.length).toBeGreaterThan(10);
});

test('where lines grow heavy, the engine cuts the window, and what it left out comes with the next', async () => {
  const course = 'UniversityA/ART4/2013_Fall';
  const [light, heavy, heavyBytes, windowBytes] = [30_000, 20_000, 2000, 1 << 20];
  await warehouse.statement(`INSERT INTO events (course_id, time, time_state, log_date, line, raw)
    SELECT '${course}', fromUnixTimestamp64Micro(toInt64(${FIRST_DAY * DAY_US} + number * 1000), 'UTC'), 'ok',
      toDate(${FIRST_DAY}), number + 1, repeat('x', number < ${light} ? 1 : ${heavyBytes})
    FROM numbers(${light + heavy})`);
  const sizes: number[] = [];
  const watching = through(async (...question) => {
    const bytes = await warehouse.fetchBytes(...question);
    sizes.push(bytes.length);
    return bytes;
  });
  const events = await read({ from: watching, course, windowBytes });
  expect(events.map(({ line }) => line)).toEqual(
    Array.from({ length: light + heavy }, (_, index) => index + 1),
  );
  // By rows alone the first window of heavy lines would have them all.
  expect(Math.max(...sizes)).toBeGreaterThan(2 * windowBytes);
  expect(Math.max(...sizes)).toBeLessThan((heavy * heavyBytes) / 1.5);
});

test('on a server, rows of log files that are being loaded or removed are not read', async () => {
  const course = 'UniversityA/LAW3/2013_Fall';
  for (const [file, state] of ['loaded', 'loading', 'removing', ''].entries()) {
    const row = rowOf({ ...(stored[0] as Stored), course, line: file + 1 }); // there are thousands
    await warehouse.statement(`INSERT INTO events (course_id, time, time_state, site, organization, server, log_date, line, raw)
      VALUES ${row}`);
    await warehouse.statement(`ALTER TABLE events UPDATE file_id = ${file + 1}
      WHERE course_id = '${course}' AND line = ${file + 1} SETTINGS mutations_sync = 1`);
    if (state === '') continue;
    await warehouse.statement(`INSERT INTO log_file_versions (file_id, revision, state)
      VALUES (${file + 1}, 1, 'loading'), (${file + 1}, 2, '${state}')`);
  }
  const server = through((...question) => warehouse.fetchBytes(...question), 'server');
  const lines = (await read({ from: server, course })).map(({ line }) => line);
  expect(lines).toEqual([1, 4]);
  expect(await read({ course })).toHaveLength(4);
});

test('a user who may set nothing reads as well', async () => {
  const asked: string[] = [];
  const readonly = through((sql, ...rest) => {
    asked.push(sql);
    if (!sql.includes('SETTINGS')) return warehouse.fetchBytes(sql, ...rest);
    // What the server says, as its client hands it on.
    const cause = Object.assign(new Error('Cannot modify a setting.'), { code: '164' });
    throw new EdxstreamError('QUERY_REFUSED', cause.message, { cause });
  });
  expectSame(await read({ from: readonly, windowBytes: 65_536 }), expected(ofCourse));
  expect(asked.filter((sql) => sql.includes('SETTINGS'))).toHaveLength(1);
});

test('reading goes on behind any event, also inside a moment that thousands share', async () => {
  const wanted = expected(ofCourse);
  const all = await read();
  for (const at of [0, 1, 700, 1500, wanted.length - 2, wanted.length - 1]) {
    const event = all[at];
    if (event === undefined) throw new Error('There is no such event.');
    const start: StartPoint = { kind: 'after', place: event };
    expectSame(await read({ start, windowBytes: 65_536 }), wanted.slice(at + 1));
  }
});

test('sites, times, a condition and what has no time choose events', async () => {
  const [fromUs, toUs] = [FIRST_DAY * DAY_US + 3600e6, FIRST_DAY * DAY_US + 7200e6];
  const inTime = ({ timeUs }: Stored) => timeUs >= fromUs && timeUs < toUs;
  expectSame(
    await read({ scope: { ...ALL, fromUs, toUs } }),
    expected((event) => ofCourse(event) && inTime(event)),
  );
  expectSame(
    await read({ scope: { ...ALL, sites: ['edge', 'x'], where: 'line > 100 OR line < 50' } }),
    expected(
      (event) =>
        ofCourse(event) && event.place[0] === 'edge' && (event.line > 100 || event.line < 50),
    ),
  );
  expectSame(
    await read({ scope: { ...ALL, skipUntimed: true } }),
    expected((event) => ofCourse(event) && event.isTimed),
  );
});

test('courses are merged in one order', async () => {
  const source = warehouseSource(warehouse, {
    ...{ courses: [OTHER, COURSE, 'x/y/z'], scope: ALL, windowBytes: 4096 },
  });
  const events: ReplayedEvent[] = [];
  for await (const slice of source.open(BEGINNING, new AbortController().signal)) {
    events.push(...slice);
  }
  expectSame(
    events,
    expected(() => true),
  );
  expect(new Set(events.map(({ courseId }) => courseId))).toEqual(new Set([COURSE, OTHER]));
});

test('at 1000 times its pace, through pauses, seeks and changes of speed, a course is runs of its order', async () => {
  const wanted = expected(ofCourse);
  const clock = new VirtualClock();
  const source = warehouseSource(warehouse, {
    ...{ courses: [COURSE], scope: ALL, windowBytes: 4096 },
  });
  const replay = new Replay(source, {
    ...{ start: BEGINNING, speed: 1000, clock, signal: new AbortController().signal },
    maxGapUs: DAY_US,
  });
  const dayUs = FIRST_DAY * DAY_US;
  const runs: { readonly fromUs: number; readonly lines: number[] }[] = [{ fromUs: 0, lines: [] }];
  const seek = (timeUs: number): void => {
    replay.seek(timeUs);
    runs.push({ fromUs: timeUs, lines: [] });
  };
  // A day is 86 s at this speed; the moment that thousands share comes after 3.6 s.
  clock.at(1000, () => {
    replay.pause();
    setTimeout(() => replay.resume(), 5);
  });
  clock.at(2000, () => replay.changeSpeed(200));
  clock.at(5000, () => seek(dayUs + 7200e6));
  clock.at(9000, () => seek(dayUs + 3600e6));
  clock.at(15_000, () => replay.changeSpeed(5000));
  clock.at(20_000, () => seek(dayUs));
  for await (const batch of replay) runs.at(-1)?.lines.push(...batch.map(({ line }) => line));
  expect(runs).toHaveLength(4);
  for (const [index, { fromUs, lines }] of runs.entries()) {
    const all = wanted.filter(({ timeUs }) => timeUs >= fromUs).map(({ line }) => line);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines).toEqual(index === runs.length - 1 ? all : all.slice(0, lines.length));
  }
  expect(replay.status().gapsShortened).toBeGreaterThan(1);
});

test('a fault of the engine is told when its window would have come', async () => {
  const scope = { ...ALL, where: 'throwIf(line = 1900) = 0' };
  await expect(read({ scope })).rejects.toMatchObject({ code: 'WAREHOUSE_FAILED' });
});

test('what is read ahead is waited for when reading stops', async () => {
  const signal = new AbortController().signal;
  const slices = readCourse(warehouse, COURSE, {
    ...{ scope: ALL, start: BEGINNING, windowBytes: 4096, signal },
  });
  await slices.next();
  await slices.return(undefined);
  expect(await slices.next()).toEqual({ done: true, value: undefined });
});
