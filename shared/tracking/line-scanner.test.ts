import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { usedKernel } from '#shared/testing/kernel';
import { trackingLine } from '#shared/testing/tracking-lines';
import { TIME_STATES } from './event-time.js';
import { LINE_BLANK, LINE_EVENT, LineScanner, TEXT_FIELDS } from './line-scanner.js';
import { parseEvent } from './parse-event.js';

const KERNEL = usedKernel();
const PLACE = KERNEL.blocks.take(1 << 20);

/** What the scanner says about a line that stands between other bytes, in the shape of the plain reader. */
function scanned(scanner: LineScanner, line: Buffer): unknown {
  const { bytes } = KERNEL;
  const from = PLACE + 4;
  const to = from + line.length;
  bytes.write('"{x\n', PLACE, 'latin1');
  bytes.set(line, from);
  bytes.write('\n}"]', to, 'latin1');
  const kind = scanner.scan(from, to);
  if (kind === LINE_BLANK) return { kind: 'drop', reason: 'blank' };
  if (kind !== LINE_EVENT) {
    return { kind: 'reject', reason: scanner.rejectReason, detail: scanner.rejectDetail };
  }
  const text = TEXT_FIELDS.map((_, i) => {
    const start = scanner.textStart[i] ?? 0;
    const length = scanner.textLength[i] ?? 0;
    const value = start < 0 ? scanner.textDecoded[i] : bytes.subarray(start, start + length);
    expect(value?.length).toBe(length);
    return value?.toString('latin1');
  });
  return {
    kind: 'keep',
    value: {
      jsonAt: scanner.jsonAt,
      text,
      userId: Number.isNaN(scanner.userId) ? null : scanner.userId,
      timeUs: scanner.timeUs,
      timeState: TIME_STATES[scanner.timeState],
      courseId: scanner.courses[scanner.course],
    },
  };
}

function parsed(line: Buffer): unknown {
  const result = parseEvent(line);
  if (result.kind !== 'keep') return result;
  return {
    kind: 'keep',
    value: { ...result.value, text: result.value.text.map((value) => value.toString('latin1')) },
  };
}

const scanner = new LineScanner(KERNEL);

/** Both readers say the same of a line; an event is not walked twice. */
function expectAgreement(line: Buffer): void {
  const plainBefore = scanner.plainLines;
  const fast = scanned(scanner, line);
  const plain = parsed(line);
  expect(fast).toEqual(plain);
  const isEvent = parseEvent(line).kind === 'keep';
  if (isEvent) expect(scanner.plainLines).toBe(plainBefore);
}

test('scanner and plain reader agree on generated lines', () => {
  let events = 0;
  fc.assert(
    fc.property(trackingLine, (bytes) => {
      expectAgreement(bytes);
      if (parseEvent(bytes).kind === 'keep') events++;
    }),
    { numRuns: 4_000 },
  );
  // The generator is worth nothing where most of its lines are rejected.
  expect(events).toBeGreaterThan(2_000);
});

test('scanner and plain reader agree on generated lines cut at every byte', () => {
  fc.assert(
    fc.property(trackingLine, (bytes) => {
      for (let end = 0; end < bytes.length; end++) expectAgreement(bytes.subarray(0, end));
    }),
    { numRuns: 40 },
  );
});

const edits = fc.array(
  fc.tuple(
    fc.nat(),
    fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('"\\{}[],:0-.eNInu \t\n'))),
  ),
  { minLength: 1, maxLength: 3 },
);

test('scanner and plain reader agree on generated lines with bytes changed', () => {
  fc.assert(
    fc.property(trackingLine, edits, (bytes, changes) => {
      const changed = Buffer.from(bytes);
      for (const [at, byte] of changes) changed[at % changed.length] = byte;
      expectAgreement(changed);
    }),
    { numRuns: 4_000 },
  );
});

test.each([511, 512, 513])('scanner and plain reader agree on a line %d levels deep', (depth) => {
  for (const [open, close] of [
    ['{"context":', '}'],
    ['{"a":[', ']}'],
  ] as const) {
    const levels = Math.ceil(depth / close.length);
    const line = `${open.repeat(levels)}1${close.repeat(levels)}`;
    expectAgreement(Buffer.from(line));
    expectAgreement(Buffer.from(`{"a": 1, "b": ${line}}`));
    expectAgreement(Buffer.from(line.slice(0, -1)));
  }
});

test('scanner and plain reader agree on a context that comes twice', () => {
  for (const second of [
    '{}',
    'null',
    '{"path": "/b"}',
    '[]',
    '"x"',
    '{"context": {"path": "/c"}}',
  ]) {
    const first = '{"path": "/a", "user_id": 7, "course_id": "A/B/C", "org_id": "A"}';
    expectAgreement(Buffer.from(`{"context": ${first}, "context": ${second}}`));
    expectAgreement(Buffer.from(`{"context": ${second}, "context": ${first}}`));
  }
});

test('a line that breaks off is read without the bytes after it', () => {
  const fresh = new LineScanner(KERNEL);
  for (const ending of [
    '{"ip":""}',
    '{"ip": "1',
    '{"time":"2014-01-01T00:00:00"}',
    '{"a":tru',
    '{"a":"\\u0',
  ]) {
    expect(scanned(fresh, Buffer.from(ending))).toEqual(parsed(Buffer.from(ending)));
  }
});

test('a course has one index however its id is written, and ids stay in order of first sight', () => {
  const fresh = new LineScanner(KERNEL);
  const courseOf = (id: string): number => {
    const line = Buffer.from(`{"context": {"course_id": "${id}"}}`);
    KERNEL.bytes.set(line, PLACE);
    expect(fresh.scan(PLACE, PLACE + line.length)).toBe(LINE_EVENT);
    return fresh.course;
  };
  expect(['A/B/C', 'D/E/F', 'none', 'A/B/C ', 'A/B/C', '', 'D/E\\/F'].map(courseOf)).toEqual([
    1, 2, 0, 1, 1, 0, 2,
  ]);
  expect(fresh.courses).toEqual(['', 'A/B/C', 'D/E/F']);
});

const FIXTURES = join(import.meta.dirname, '../../../shared/fixtures');
const hasFixtures = existsSync(FIXTURES);
if (!hasFixtures) console.log('Not run: cases over ../shared/fixtures, which is absent here.');

function fixtureLines(): Buffer[] {
  if (!hasFixtures) return [];
  const folders = ['edx-analytics-pipeline/logs', 'event-routing-backends'];
  return folders.flatMap((folder) =>
    readdirSync(join(FIXTURES, folder)).flatMap((name) =>
      readFileSync(join(FIXTURES, folder, name), 'latin1')
        .split('\n')
        .map((line) => Buffer.from(line, 'latin1')),
    ),
  );
}

test('scanner and plain reader agree on every fixture line', () => {
  for (const line of fixtureLines()) expectAgreement(line);
});

test('scanner and plain reader agree on fixture lines with a byte changed or the end cut off', () => {
  const lines = fixtureLines().filter((line) => line.length > 0);
  if (lines.length === 0) return;
  fc.assert(
    fc.property(fc.nat(lines.length - 1), edits, fc.option(fc.nat()), (index, changes, cut) => {
      const line = Buffer.from(lines[index] ?? Buffer.alloc(0));
      for (const [at, byte] of changes) line[at % line.length] = byte;
      expectAgreement(cut === null ? line : line.subarray(0, cut % line.length));
    }),
    { numRuns: 5_000 },
  );
});
