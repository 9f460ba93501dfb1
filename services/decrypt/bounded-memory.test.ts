import { expect, test, vi } from 'vitest';
import { EdxstreamError } from '#shared/errors';
import { type EventBatch, freeBatch } from '#shared/eventlog/event-batch';
import { createKernel, type Kernel } from '#shared/kernel/kernel';
import { COURSES_MAX, LineScanner } from '#shared/tracking/line-scanner';
import { BatchBuilder, type BatchOptions } from './batch-builder.js';
import { rescannedBatches } from './rescanned-batch.js';

const PAGE_BYTES = 65_536;
/** The fewest that the kernel starts with. */
const KERNEL_PAGES = 1024;

const OPTIONS: BatchOptions = {
  file: 1,
  logDateStartUs: Date.UTC(2013, 9, 22) * 1000,
  skewUs: 0,
  lineBytesMax: 1 << 20,
  batchBytes: 1 << 16,
  keepSecrets: false,
  courses: undefined,
  fromLine: 1,
};

function lineOf(course: string, name: string): string {
  return `{"time": "2013-10-22T10:00:00+00:00", "name": "${name}", "context": {"course_id": "${course}"}}\n`;
}

test('a scanner that meets ever more courses forgets them, and still tells every event by its own', () => {
  const kernel = createKernel(256 << 20);
  using scanner = new LineScanner(kernel);
  using builder = new BatchBuilder(scanner, OPTIONS);
  let most = 0;
  let events = 0;
  // Twice over, and every third one soon again: courses come back under other numbers than before.
  for (let at = 0; at < 5 * COURSES_MAX; at += 1) {
    const number = at % 3 === 2 ? at - 100 : at;
    const course = `course-v1:U+C${number % (2 * COURSES_MAX)}+R`;
    for (const batch of builder.push(Buffer.from(lineOf(course, course)))) events += check(batch);
    most = Math.max(most, scanner.courses.length);
  }
  for (const batch of builder.finish()) events += check(batch);
  expect(events).toBe(5 * COURSES_MAX);
  // A batch is ended first.
  expect(most).toBeLessThan(COURSES_MAX + OPTIONS.batchBytes / lineOf('', '').length);

  /** Every event has its course for a name. */
  function check(batch: EventBatch): number {
    const names = batch.dictionaries[1];
    let rows = 0;
    for (const { course, from, to } of batch.segments) {
      for (const row of batch.order.subarray(from, to)) {
        rows += 1;
        const value = names?.index[row] ?? -1;
        const start = names?.valueStart[value] ?? 0;
        const end = start + (names?.valueLength[value] ?? 0);
        const name = Buffer.from(batch.bytes.subarray(start, end)).toString();
        if (name !== course) expect(name).toBe(course);
      }
    }
    freeBatch(kernel, batch);
    return rows;
  }
});

/** Lines for three windows, a long one, and a grown block of columns. */
const LINES = Buffer.from(
  [
    ...Array.from({ length: 12_000 }, (_, at) => lineOf('U/C/R', `n${at}`)),
    lineOf('U/C/R', 'x'.repeat(300_000)),
    lineOf('U/C/R', String.raw`\u0041`),
  ].join(''),
);

test.each([
  [
    'a log file',
    (kernel: Kernel, scanner: LineScanner) => {
      using builder = new BatchBuilder(scanner, { ...OPTIONS, batchBytes: 20 * PAGE_BYTES });
      for (const batch of builder.push(LINES)) freeBatch(kernel, batch);
      for (const batch of builder.finish()) freeBatch(kernel, batch);
    },
  ],
  [
    'lines from Kafka',
    (kernel: Kernel, scanner: LineScanner) => {
      const lines = Uint32Array.from({ length: 12_002 }, (_, at) => at + 1);
      const runs = [{ bytes: LINES.subarray(0, -1), lines, skip: 0 }];
      const file = { file: 1, logDateStartUs: OPTIONS.logDateStartUs, skewUs: 0 };
      const batches = rescannedBatches(scanner, file, { runs, rejected: [] });
      for (const batch of batches) freeBatch(kernel, batch);
    },
  ],
])(
  'wherever memory is used up for %s, all of it is given back',
  (_, work) => {
    let exhausted = 0;
    for (let pages = 0; ; pages += 5) {
      const kernel = kernelWith(pages);
      const out = blocksOut(kernel);
      const isEnough = isDone(() => {
        using scanner = new LineScanner(kernel);
        work(kernel, scanner);
      });
      expect([pages, out.size]).toEqual([pages, 0]);
      if (isEnough) break;
      exhausted += 1;
    }
    expect(exhausted).toBeGreaterThan(10);
  },
  30_000,
);

/** With so many pages of memory that nobody has yet. */
function kernelWith(pages: number): Kernel {
  const kernel = createKernel(KERNEL_PAGES * PAGE_BYTES);
  // The first three are its own.
  for (let at = pages; at < KERNEL_PAGES - 3; at += 1) kernel.blocks.take(1);
  return kernel;
}

/** False where memory was used up. */
function isDone(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof EdxstreamError && error.code === 'MEMORY_EXHAUSTED') return false;
    throw error;
  }
}

/** The places of blocks that were taken and not given back. */
function blocksOut({ blocks }: Kernel): Set<number> {
  const out = new Set<number>();
  const { take, give } = blocks;
  vi.spyOn(blocks, 'take').mockImplementation((bytes) => {
    const place = take.call(blocks, bytes);
    out.add(place);
    return place;
  });
  vi.spyOn(blocks, 'give').mockImplementation((place) => {
    expect(out.delete(place)).toBe(true);
    give.call(blocks, place);
  });
  return out;
}
