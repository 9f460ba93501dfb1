// Longer than 300 lines, because the naive model serves every claim here.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchBytes, type EventBatch } from '#shared/eventlog/event-batch';
import type { LogRecord } from '#shared/eventlog/event-log';
import type { MergedRun } from '#shared/eventlog/merged-run';
import { type AnEvent, aBatch } from '#shared/testing/event-batches';
import { mergeByTime } from './merge-by-time.js';

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;
const FIRST_DAY_US = Date.UTC(2013, 9, 20) * 1000;
const SKEW_US = 6 * HOUR_US;
const UNBOUNDED = {
  releaseBytes: Number.MAX_SAFE_INTEGER,
  windowBytesMax: Number.MAX_SAFE_INTEGER,
};

/** A log file of the test: its number is its place in the list, which says nothing of its rank. */
interface AFile {
  readonly day: number;
  /** What stands for (site, organization, server): files of one day differ in it. */
  readonly place: number;
  readonly batches: readonly (readonly AnEvent[])[];
}

interface Placed {
  readonly file: number;
  readonly line: number;
  readonly course: string;
  readonly timeUs: number;
}

function startUs(day: number): number {
  return FIRST_DAY_US + day * DAY_US;
}

/** Times that are ordinary, equal to others, late, far ahead, or unusable (the end of the log date). */
function eventOf(day: number): fc.Arbitrary<Omit<AnEvent, 'line'>> {
  const at = (us: number): number => startUs(day) + us;
  const timeUs = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -6, max: 30 }).map((hour) => at(hour * HOUR_US)) },
    { weight: 1, arbitrary: fc.integer({ min: 31, max: 80 }).map((hour) => at(hour * HOUR_US)) },
    { weight: 1, arbitrary: fc.constantFrom(at(-SKEW_US - 1), at(-40 * DAY_US), at(-SKEW_US)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(at(3 * DAY_US - 1), at(3 * DAY_US), at(9e5 * HOUR_US)),
    },
  );
  const usable = timeUs.map((us) => ({ timeUs: us, isLate: us < at(-SKEW_US) }));
  const unusable = fc.constant({ timeUs: at(DAY_US - 1), timeState: 2 as const });
  const course = fc.constantFrom('', 'A/B/C', 'A/B/D', 'course-v1:A+B+C', '\u00c3\u00bc/B/C');
  return fc
    .tuple(course, fc.oneof({ weight: 9, arbitrary: usable }, { weight: 1, arbitrary: unusable }))
    .map(([name, time]) => ({ course: name, ...time }));
}

const days = fc.integer({ min: 0, max: 4 });

const files: fc.Arbitrary<AFile[]> = fc
  .uniqueArray(fc.tuple(days, fc.integer({ min: 0, max: 5 })), {
    maxLength: 9,
    selector: ([day, place]) => day * 10 + place,
  })
  .chain((places) =>
    fc.tuple(
      ...places.map(([day, place]) =>
        fc
          .array(fc.array(eventOf(day), { maxLength: 6 }), { maxLength: 3 })
          .map((batches) => ({ day, place, batches: numbered(batches) })),
      ),
    ),
  );

/** Lines run through the batches of a file, with gaps where other lines would be. */
function numbered(batches: readonly (readonly Omit<AnEvent, 'line'>[])[]): AnEvent[][] {
  let line = 1;
  return batches.map((batch) =>
    batch.map((event) => {
      line += 2;
      return { ...event, line };
    }),
  );
}

/**
 * Records as publishing appends them: batches of a file in their order, its end after them, a watermark
 * once all files of a date have ended; how files alternate is drawn by `pick`.
 */
function recordsOf(all: readonly AFile[], pick: readonly number[]): LogRecord[] {
  const queues = all.map((file, number): LogRecord[] => [
    ...file.batches.map((events) => ({ kind: 'batch' as const, batch: aBatch(number, events) })),
    { kind: 'file-ended', file: number },
  ]);
  const open = [...queues.keys()];
  const dates = [...new Set(all.map(({ day }) => day))].sort((a, b) => a - b);
  const records: LogRecord[] = [];
  for (let step = 0; open.length > 0; step += 1) {
    const at = (pick[step % pick.length] ?? 0) % open.length;
    const record = queues[open[at] ?? 0]?.shift();
    if (record !== undefined) records.push(record);
    if (record?.kind !== 'file-ended') continue;
    open.splice(at, 1);
    while (dates.length > 0 && !open.some((file) => all[file]?.day === dates[0])) {
      records.push({ kind: 'date-complete', logDateStartUs: startUs(dates.shift() ?? 0) });
    }
  }
  return records;
}

/** Ranks files as the table's key does: by place, then date. */
function rankOf(all: readonly AFile[]): (file: number) => number {
  const keys = all.map(({ place, day }) => place * 10 + day);
  const sorted = keys.toSorted((a, b) => a - b);
  return (file) => sorted.indexOf(keys[file] ?? -1);
}

async function* inOrder(records: readonly LogRecord[]): AsyncIterable<LogRecord> {
  yield* records;
}

async function runsOf(
  all: readonly AFile[],
  records: readonly LogRecord[],
  bounds: { readonly releaseBytes: number; readonly windowBytesMax: number },
): Promise<MergedRun[]> {
  const runs: MergedRun[] = [];
  for await (const run of mergeByTime(inOrder(records), {
    ...bounds,
    skewUs: SKEW_US,
    fileRank: rankOf(all),
    logDateStartUs: (file) => startUs(all[file]?.day ?? 0),
  })) {
    runs.push(run);
  }
  return runs;
}

function eventsOf(run: MergedRun): Placed[] {
  const placed: Placed[] = [];
  let from = 0;
  for (const { course, to } of run.courses) {
    for (; from < to; from += 1) {
      const batch = run.batches[run.batchOf[from] ?? -1] as EventBatch; // fails where it is none
      const row = run.rowOf[from] ?? -1;
      const { line, timeUs, file } = batch;
      placed.push({ file, line: line[row] ?? -1, course, timeUs: timeUs[row] ?? Number.NaN });
    }
  }
  expect(placed.length).toBe(run.rows);
  return placed;
}

function allEvents(all: readonly AFile[]): Placed[] {
  return all.flatMap(({ batches }, file) =>
    batches.flat().map(({ line, course, timeUs }) => {
      return { file, line, course: course ?? '', timeUs: timeUs ?? 0 };
    }),
  );
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'));
}

function naively(all: readonly AFile[], events: readonly Placed[]): Placed[] {
  const rank = rankOf(all);
  return events.toSorted(
    (a, b) =>
      compareBytes(a.course, b.course) ||
      a.timeUs - b.timeUs ||
      rank(a.file) - rank(b.file) ||
      a.line - b.line,
  );
}

function identities(events: readonly Placed[]): string[] {
  return events.map(({ file, line, course }) => `${file}:${line}:${course}`).sort();
}

const picks = fc.array(fc.nat(8), { minLength: 1, maxLength: 12 });
const bounds = fc.record({
  releaseBytes: fc.constantFrom(0, 1, 600, 2000, Number.MAX_SAFE_INTEGER),
  windowBytesMax: fc.constantFrom(1, 900, 3000, Number.MAX_SAFE_INTEGER),
});

test('with everything in one run the order is that of a naive sort', async () => {
  await fc.assert(
    fc.asyncProperty(files, picks, async (all, pick) => {
      const runs = await runsOf(all, recordsOf(all, pick), UNBOUNDED);
      expect(runs.length).toBe(1);
      expect(runs.flatMap(eventsOf)).toEqual(naively(all, allEvents(all)));
    }),
    { numRuns: 200 },
  );
});

test('every event comes exactly once, whatever the bounds, and each run is in order', async () => {
  await fc.assert(
    fc.asyncProperty(files, picks, bounds, async (all, pick, bound) => {
      const runs = await runsOf(all, recordsOf(all, pick), bound);
      expect(identities(runs.flatMap(eventsOf))).toEqual(identities(allEvents(all)));
      for (const run of runs) {
        const events = eventsOf(run);
        expect(events).toEqual(naively(all, events));
      }
    }),
    { numRuns: 300 },
  );
});

test('while no run is early, a course reads in order over all runs, but for what is late or far ahead', async () => {
  await fc.assert(
    fc.asyncProperty(files, picks, fc.constantFrom(0, 1, 600, 2000), async (all, pick, release) => {
      const records = recordsOf(all, pick);
      const runs = await runsOf(all, records, { ...UNBOUNDED, releaseBytes: release });
      const isOrdinary = ({ file, timeUs }: Placed): boolean => {
        const start = startUs(all[file]?.day ?? 0);
        return timeUs >= start - SKEW_US && timeUs < start + 3 * DAY_US;
      };
      const events = runs.flatMap(eventsOf).filter(isOrdinary);
      for (const course of new Set(events.map((event) => event.course))) {
        const ofCourse = events.filter((event) => event.course === course);
        expect(ofCourse).toEqual(naively(all, ofCourse));
      }
      expect(runs.some(({ isEarly }) => isEarly)).toBe(false);
    }),
    { numRuns: 200 },
  );
});

test('a log file is done once, with nothing of it left to come, and so is each batch', async () => {
  await fc.assert(
    fc.asyncProperty(files, picks, bounds, async (all, pick, bound) => {
      const records = recordsOf(all, pick);
      const runs = await runsOf(all, records, bound);
      expect(runs.flatMap(({ filesDone }) => filesDone).toSorted((a, b) => a - b)).toEqual([
        ...all.keys(),
      ]);
      const batches = records.flatMap((record) => (record.kind === 'batch' ? [record.batch] : []));
      expect(new Set(runs.flatMap(({ batchesDone }) => batchesDone))).toEqual(new Set(batches));
      expect(runs.flatMap(({ batchesDone }) => batchesDone).length).toBe(batches.length);
      expect(runs.flatMap(({ arrived }) => arrived)).toEqual(batches);
      const doneFiles = new Set<number>();
      const doneBatches = new Set<EventBatch>();
      for (const run of runs) {
        for (const event of eventsOf(run)) expect(doneFiles.has(event.file)).toBe(false);
        for (const batch of run.batches) expect(doneBatches.has(batch)).toBe(false);
        for (const file of run.filesDone) doneFiles.add(file);
        for (const batch of run.batchesDone) doneBatches.add(batch);
      }
    }),
    { numRuns: 300 },
  );
});

test('a run is early exactly where the window was full', async () => {
  await fc.assert(
    fc.asyncProperty(files, picks, fc.integer({ min: 1, max: 6000 }), async (all, pick, most) => {
      const records = recordsOf(all, pick);
      const runs = await runsOf(all, records, { ...UNBOUNDED, windowBytesMax: most });
      let held = 0;
      let full = 0;
      for (const record of records) {
        if (record.kind !== 'batch') continue;
        held += batchBytes(record.batch);
        if (held < most) continue;
        full += 1;
        held = 0;
      }
      expect(runs.map(({ isEarly }) => isEarly)).toEqual([...Array(full).fill(true), false]);
    }),
    { numRuns: 200 },
  );
});

test('where the window is full, dates that are complete and nearly make up a run go first, in order', async () => {
  const all: AFile[] = [0, 1].map((day) => ({
    ...{ day, place: day },
    batches: [[{ line: 1, timeUs: startUs(day) }]],
  }));
  const records = recordsOf(all, [0]);
  const [first] = records;
  const bytes = first?.kind === 'batch' ? batchBytes(first.batch) : 0;
  const runs = await runsOf(all, records, { windowBytesMax: 2 * bytes, releaseBytes: 1.5 * bytes });
  expect(runs.map(({ isEarly }) => isEarly)).toEqual([false, false]);
  expect(runs.map((run) => eventsOf(run).map(({ file }) => file))).toEqual([[0], [1]]);
});

test('an event far ahead goes with its log date instead of waiting for a day that may never come', async () => {
  const file: AFile = {
    day: 0,
    place: 0,
    batches: [
      [
        { line: 1, timeUs: startUs(0) + HOUR_US },
        { line: 2, timeUs: startUs(90) },
      ],
    ],
  };
  const runs = await runsOf([file], recordsOf([file], [0]), { ...UNBOUNDED, releaseBytes: 1 });
  expect(runs.map((run) => eventsOf(run).map(({ line }) => line))).toEqual([[1, 2], []]);
  expect(runs.map(({ filesDone }) => filesDone)).toEqual([[0], []]);
});

test('an event of the next night waits until that date is complete', async () => {
  const first: AFile = {
    day: 0,
    place: 0,
    batches: [
      [
        { line: 1, timeUs: startUs(0) },
        { line: 2, timeUs: startUs(1) + HOUR_US },
      ],
    ],
  };
  const second: AFile = { day: 1, place: 1, batches: [[{ line: 1, timeUs: startUs(1) }]] };
  const all = [first, second];
  const runs = await runsOf(all, recordsOf(all, [0]), { ...UNBOUNDED, releaseBytes: 1 });
  const read = runs.map((run) => eventsOf(run).map(({ file, line }) => `${file}:${line}`));
  expect(read).toEqual([['0:1'], ['1:1', '0:2'], []]);
  expect(runs.map(({ filesDone }) => filesDone)).toEqual([[], [0, 1], []]);
});

test('an event far ahead waits for its own log date, not for the one before', async () => {
  const far: AFile = { day: 1, place: 0, batches: [[{ line: 1, timeUs: startUs(90) }]] };
  const other: AFile = { day: 0, place: 1, batches: [[{ line: 1, timeUs: startUs(0) }]] };
  const all = [far, other];
  const records: LogRecord[] = [
    { kind: 'batch', batch: aBatch(0, far.batches[0] ?? []) },
    { kind: 'batch', batch: aBatch(1, other.batches[0] ?? []) },
    { kind: 'date-complete', logDateStartUs: startUs(0) },
    { kind: 'date-complete', logDateStartUs: startUs(1) },
  ];
  const runs = await runsOf(all, records, { ...UNBOUNDED, releaseBytes: 1 });
  expect(runs.map((run) => eventsOf(run).map(({ file }) => file))).toEqual([[1], [0], []]);
});

test('an event at the very watermark waits for events of the next date at the same moment', async () => {
  const moment = startUs(1) - SKEW_US;
  const all: AFile[] = [
    { day: 0, place: 1, batches: [[{ line: 1, timeUs: moment }]] },
    { day: 1, place: 0, batches: [[{ line: 1, timeUs: moment }]] },
  ];
  const runs = await runsOf(all, recordsOf(all, [0]), { ...UNBOUNDED, releaseBytes: 1 });
  expect(runs.flatMap(eventsOf).map(({ file }) => file)).toEqual([1, 0]);
});

test('the fault that ends the event log ends the merging too', async () => {
  async function* broken(): AsyncIterable<LogRecord> {
    yield { kind: 'batch', batch: aBatch(0, [{ line: 1 }]) };
    throw new Error('the disk went away');
  }
  const options = { ...UNBOUNDED, skewUs: 0, fileRank: () => 0, logDateStartUs: () => 0 };
  const read = async (): Promise<void> => {
    for await (const run of mergeByTime(broken(), options)) expect(run).toBe('no run');
  };
  await expect(read()).rejects.toThrow('the disk went away');
});
