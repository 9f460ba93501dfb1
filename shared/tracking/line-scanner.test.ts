import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TIME_STATES } from './event-time.js';
import { LINE_BLANK, LINE_EVENT, LineScanner, TEXT_FIELDS } from './line-scanner.js';
import { parseEvent } from './parse-event.js';

/** What the scanner says about a line, in the shape in which the plain reader says it. */
function scanned(scanner: LineScanner, bytes: Buffer, from: number, to: number): unknown {
  const kind = scanner.scan(bytes, from, to);
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

const scanner = new LineScanner();

/** Both readers say the same of a line that stands between other bytes; an event is not walked twice. */
function expectAgreement(line: Buffer): void {
  const bytes = Buffer.concat([Buffer.from('"{x\n'), line, Buffer.from('\n}"]')]);
  const plainBefore = scanner.plainLines;
  const fast = scanned(scanner, bytes, 4, 4 + line.length);
  const plain = parsed(line);
  expect(fast).toEqual(plain);
  const isEvent = parseEvent(line).kind === 'keep';
  if (isEvent) expect(scanner.plainLines).toBe(plainBefore);
}

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
  const edits = fc.array(
    fc.tuple(
      fc.nat(),
      fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('"\\{}[],:0-eN \t\n'))),
    ),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(fc.nat(lines.length - 1), edits, fc.option(fc.nat()), (index, changes, cut) => {
      const line = Buffer.from(lines[index] ?? Buffer.alloc(0));
      for (const [at, byte] of changes) line[at % line.length] = byte;
      expectAgreement(cut === null ? line : line.subarray(0, cut % line.length));
    }),
    { numRuns: 5_000 },
  );
});
