// Longer than 300 lines, because what reads a batch back serves every claim here.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  DICTIONARY_FIELDS,
  type EventBatch,
  FLAG_LATE,
  FLAG_TIME_STATE,
  freeBatch,
  TEXT_COLUMNS,
  type TextColumn,
} from '#shared/eventlog/event-batch';
import { usedKernel } from '#shared/testing/kernel';
import { trackingLine } from '#shared/testing/tracking-lines';
import { LineScanner, TEXT_FIELDS, TIME_STATES } from '#shared/tracking/line-scanner';
import { parseEvent } from '#shared/tracking/parse-event';
import { BatchBuilder, type BatchOptions } from './batch-builder.js';

const LOG_DATE_US = Date.UTC(2013, 9, 22) * 1000;
const HOUR_US = 3_600_000_000;

const KERNEL = usedKernel();

const OPTIONS: BatchOptions = {
  file: 7,
  logDateStartUs: LOG_DATE_US,
  skewUs: 6 * HOUR_US,
  lineBytesMax: 1 << 16,
  batchBytes: 1 << 16,
  keepSecrets: false,
  courses: undefined,
  fromLine: 1,
};

interface Row {
  readonly line: number;
  readonly raw: string;
  readonly course: string;
  readonly timeUs: number;
  readonly timeState: string | undefined;
  readonly isLate: boolean;
  readonly userId: number | null;
  readonly jsonAt: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** Batches of the log file before, whose memory the next one uses again. */
const held: EventBatch[] = [];

/** Everything that a log file came to, by line. Its batches can be read until the next one is built. */
function build(chunks: readonly Buffer[], options: Partial<BatchOptions> = {}) {
  for (const batch of held.splice(0)) freeBatch(KERNEL, batch);
  using scanner = new LineScanner(KERNEL);
  using builder = new BatchBuilder(scanner, { ...OPTIONS, ...options });
  const batches: EventBatch[] = [];
  // The builder may keep nothing of a chunk, so it gets a copy that is wiped behind it.
  for (const chunk of chunks) {
    const lent = Buffer.from(chunk);
    batches.push(...builder.push(lent));
    lent.fill(0x21);
  }
  batches.push(...builder.finish());
  held.push(...batches);
  return {
    batches,
    rows: batches.flatMap(rowsOf).toSorted((a, b) => a.line - b.line),
    rejected: batches
      .flatMap(({ rejected }) => rejected)
      .map((one) => ({ ...one, raw: Buffer.from(one.raw).toString('latin1') })),
    counts: builder.counts,
    last: builder.last,
  };
}

function rowsOf(batch: EventBatch): Row[] {
  const rows: Row[] = [];
  for (const { course, from, to } of batch.segments) {
    for (const row of batch.order.subarray(from, to)) {
      const start = batch.rawStart[row] ?? -1;
      const flags = batch.flags[row] ?? -1;
      const userId = batch.userId[row] ?? -1;
      rows.push({
        line: batch.line[row] ?? -1,
        raw: Buffer.from(batch.bytes.slice(start, start + (batch.rawLength[row] ?? 0))).toString(
          'latin1',
        ),
        course,
        timeUs: batch.timeUs[row] ?? Number.NaN,
        timeState: TIME_STATES[flags & FLAG_TIME_STATE],
        isLate: (flags & FLAG_LATE) !== 0,
        userId: Number.isNaN(userId) ? null : userId,
        jsonAt: batch.jsonAt[row] ?? -1,
        fields: fieldsOf(batch, row),
      });
    }
  }
  return rows;
}

function fieldsOf(batch: EventBatch, row: number): Record<string, string> {
  const value = ({ valueStart, valueLength }: TextColumn, index: number): string => {
    const start = valueStart[index] ?? 0;
    return Buffer.from(batch.bytes.slice(start, start + (valueLength[index] ?? 0))).toString();
  };
  const fields: [string, string][] = [];
  for (const [at, name] of DICTIONARY_FIELDS.entries()) {
    const column = batch.dictionaries[at];
    if (column === undefined) throw new Error(`no column ${name}`);
    fields.push([name, value(column, column.index[row] ?? -1)]);
  }
  for (const [at, name] of TEXT_COLUMNS.entries()) {
    const column = batch.texts[at];
    if (column === undefined) throw new Error(`no column ${name}`);
    fields.push([name, value(column, row)]);
  }
  return Object.fromEntries(fields.filter(([, text]) => text !== ''));
}

function cut(bytes: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}

/** The lines of a log file as a person counts them: cut at LF, one more where the end is not LF. */
function linesOf(log: Buffer): string[] {
  const lines = log.toString('latin1').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function withoutSecrets(line: string): string {
  return line.replace(/("password": \[?")([^"]*)/g, (_, name: string, value: string) => {
    return name + '*'.repeat(value.length);
  });
}

const SMALL_LOG = Buffer.from(
  [
    '{"username": "a", "time": "2013-10-22T00:00:01+00:00", "context": {"course_id": "A/B/C"}}',
    '   \t\r',
    '',
    '{"event": {"password": "hunter2"}, "time": "2013-10-21T08:00:00", "agent": "x\\u00e9\\n"}',
    'Oct 22 {"session": "s", "time": "2013-10-22T05:00:00.5", "context": {"user_id": 12}}',
    'no object here, password=secret',
    '{"cut": "off',
    '{"username": "a", "time": "2013-10-22T00:00:01+00:00", "context": {"course_id": "A/B/C"}}\r',
    '{"time": "whenever", "context": {"course_id": "\u00fc/B/C"}, "name": "unterminated"}',
  ].join('\n'),
);

test('a log file comes to the same wherever one chunk ends and the next begins', () => {
  const whole = build([SMALL_LOG]);
  expect(whole.rows.map(({ line }) => line)).toEqual([1, 4, 5, 8, 9]);
  expect(whole.rejected.map(({ line, reason }) => [line, reason])).toEqual([
    [6, 'no-object'],
    [7, 'cut'],
  ]);
  for (let at = 0; at <= SMALL_LOG.length; at += 1) {
    const halves = build([SMALL_LOG.subarray(0, at), SMALL_LOG.subarray(at)]);
    expect({ ...halves, batches: [] }).toEqual({ ...whole, batches: [] });
  }
  for (const size of [1, 2, 3, 7, 64, 100]) {
    expect({ ...build(cut(SMALL_LOG, size)), batches: [] }).toEqual({ ...whole, batches: [] });
  }
});

test('fields come out as JSON has them, with line, time, course and offset of the object', () => {
  const { rows } = build([SMALL_LOG]);
  expect(rows[0]).toMatchObject({
    course: 'A/B/C',
    timeUs: LOG_DATE_US + 1_000_000,
    timeState: 'ok',
    isLate: false,
    userId: null,
    jsonAt: 0,
    fields: { username: 'a' },
  });
  expect(rows[1]).toMatchObject({ isLate: true, fields: { agent: 'x\u00e9\n' } });
  expect(rows[2]).toMatchObject({ jsonAt: 7, userId: 12, timeUs: LOG_DATE_US + 5 * HOUR_US + 5e5 });
  expect(rows[4]).toMatchObject({
    course: Buffer.from('\u00fc/B/C').toString('latin1'),
    timeUs: LOG_DATE_US + 24 * HOUR_US - 1,
    timeState: 'unparsable',
    isLate: false,
    fields: { name: 'unterminated' },
  });
});

const aLine = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.integer({ min: 0, max: 23 }),
        fc.constantFrom('A/B/C', 'D/E/F', ''),
        fc.string({ unit: 'binary', maxLength: 30 }),
      )
      .map(([hour, course, text]) =>
        JSON.stringify({
          time: `2013-10-22T${String(hour).padStart(2, '0')}:00:00`,
          event: text,
          context: { course_id: course },
        }),
      ),
  },
  { weight: 1, arbitrary: fc.constantFrom('', ' ', '\t\v\f \r', '\r') },
  { weight: 1, arbitrary: fc.constantFrom('{', 'junk', '{"a": 1} x', '\u0000\u0000', '{"a": "b') },
  { weight: 1, arbitrary: fc.constant('{"POST": {"password": ["hunter2"], "keyword": "a"}}') },
  { weight: 1, arbitrary: fc.integer({ min: 190, max: 260 }).map((size) => 'y'.repeat(size)) },
);
const aLog = fc
  .tuple(fc.array(aLine, { maxLength: 20 }), fc.boolean())
  .map(([lines, isTerminated]) =>
    Buffer.from(lines.join('\n') + (isTerminated && lines.length > 0 ? '\n' : '')),
  );
const LINE_BYTES_MAX = 230;
const smallBounds = fc.record({
  chunkBytes: fc.integer({ min: 1, max: 300 }),
  batchBytes: fc.integer({ min: 1, max: 700 }),
});

test('every line is an event, rejected or blank, with its number and bytes, as a naive split has them', () => {
  fc.assert(
    fc.property(aLog, smallBounds, (log, { chunkBytes, batchBytes }) => {
      const built = build(cut(log, chunkBytes), {
        batchBytes,
        lineBytesMax: LINE_BYTES_MAX,
      });
      const lines = linesOf(log);
      const expected = lines.flatMap((line, at): [number, string][] =>
        /^[ \t\v\f\r]*$/.test(line) ? [] : [[at + 1, withoutSecrets(line)]],
      );
      const came = [...built.rows, ...built.rejected]
        .toSorted((a, b) => a.line - b.line)
        .map(({ line, raw }) => [line, raw]);
      expect(came).toEqual(expected);
      const { counts } = built;
      expect(counts.lines).toBe(lines.length);
      expect(counts.events).toBe(built.rows.length);
      expect(counts.rejected).toBe(built.rejected.length);
      expect(counts.blank).toBe(lines.length - expected.length);
      expect(counts.masked).toBe(lines.filter((line) => line.includes('hunter2')).length);
      const tooLong = lines.filter((line) => line.length > LINE_BYTES_MAX).length;
      expect(counts.rejectedByReason['line-too-long'] ?? 0).toBe(tooLong);
    }),
    { numRuns: 300 },
  );
});

test('where windows end, and what stood in them before, changes nothing but the batches', () => {
  fc.assert(
    fc.property(aLog, smallBounds, (log, { chunkBytes, batchBytes }) => {
      const limits = { lineBytesMax: LINE_BYTES_MAX };
      const { batches: _, ...one } = build([log], limits);
      const { batches, ...cutUp } = build(cut(log, chunkBytes), {
        ...limits,
        batchBytes,
      });
      expect(cutUp).toEqual(one);
      for (const batch of batches) expect(batch.rows + batch.rejected.length).toBeGreaterThan(0);
    }),
    { numRuns: 200 },
  );
});

test('the order of a batch is by course, then time, then line', () => {
  fc.assert(
    fc.property(aLog, (log) => {
      for (const batch of build([log]).batches) {
        const rows = rowsOf(batch);
        const sorted = rows.toSorted(
          (a, b) =>
            Buffer.compare(Buffer.from(a.course, 'latin1'), Buffer.from(b.course, 'latin1')) ||
            a.timeUs - b.timeUs ||
            a.line - b.line,
        );
        expect(rows).toEqual(sorted);
      }
    }),
    { numRuns: 100 },
  );
});

test('a line over the limit is rejected with 64 KiB, length and digest, and the next line survives', () => {
  const long = Buffer.from(`{"a": "${'x'.repeat(200_000)}"}`);
  const log = Buffer.concat([Buffer.from('{"n": 1}\n'), long, Buffer.from('\n{"n": 3}\n')]);
  for (const chunkBytes of [1000, 65_536, 100_001, log.length]) {
    for (const batchBytes of [100, 70_000, 1 << 20]) {
      const built = build(cut(log, chunkBytes), { batchBytes, lineBytesMax: 100_000 });
      expect(built.rows.map(({ line, raw }) => [line, raw])).toEqual([
        [1, '{"n": 1}'],
        [3, '{"n": 3}'],
      ]);
      expect(built.rejected.length).toBe(1);
      expect(built.rejected[0]).toMatchObject({ line: 2, reason: 'line-too-long' });
      expect(built.rejected[0]?.raw).toBe(long.toString('latin1', 0, 64 << 10));
      expect(built.rejected[0]?.detail).toContain(`${long.length} bytes`);
      const digest = createHash('sha256').update(long).digest('hex');
      expect(built.rejected[0]?.detail).toContain(digest);
    }
  }
});

test('a line of exactly the limit is kept, one byte more is not, wherever its chunks end', () => {
  for (const [extra, reasons] of [
    [0, {}],
    [1, { 'line-too-long': 1 }],
  ] as const) {
    const line = `{"a": "${'x'.repeat(491 + extra)}"}`;
    for (const end of ['', '\n']) {
      for (const chunkBytes of [1, 250, 1000]) {
        for (const batchBytes of [1, 499, 500, 501, 4000]) {
          const log = Buffer.from(`{}\n${line}${end}`);
          const built = build(cut(log, chunkBytes), { batchBytes, lineBytesMax: 500 });
          expect(built.counts.lines).toBe(2);
          expect(built.counts.rejectedByReason).toEqual(reasons);
        }
      }
    }
  }
});

test('a secret in a line that is too long is masked in what is kept of it', () => {
  const log = Buffer.from(`{"password": "hunter2", "a": "${'x'.repeat(500)}"}\n{"a": 1}\n`);
  const built = build(cut(log, 50), { batchBytes: 64, lineBytesMax: 300 });
  expect(built.rejected[0]?.raw.startsWith('{"password": "*******", "a"')).toBe(true);
  expect(built.counts).toMatchObject({ lines: 2, masked: 1, rejected: 1, events: 1 });
});

test('a secret behind a line that is too long is masked, whatever that line holds', () => {
  const secret = '{"password": "hunter2"}';
  const long = `{"password": "x", "a": "${'x'.repeat(500)}"}`;
  const built = build([Buffer.from(`{}\n${long}\n${secret}\n`)], { lineBytesMax: 300 });
  expect(built.rows.map(({ raw }) => raw)).toEqual(['{}', '{"password": "*******"}']);
});

test('secrets are masked wherever a chunk cuts their name or value, and counted by line', () => {
  const log = Buffer.from(
    '{"a": 1}\n{"new_password2": "hunter2"}\nx password=hunter2&b\n{"keyword": "word"}\n{"PWD": "hunter2"}\n',
  );
  for (const size of Array.from({ length: log.length }, (_, at) => at + 1)) {
    const built = build(cut(log, size));
    expect(built.counts.masked).toBe(3);
    const raws = [...built.rows, ...built.rejected].map(({ raw }) => raw);
    expect(raws.filter((raw) => raw.includes('hunter2'))).toEqual([]);
    expect(raws.filter((raw) => raw.includes('*******')).length).toBe(3);
  }
  const kept = build([log], { keepSecrets: true });
  expect(kept.counts.masked).toBe(0);
  expect(kept.rows[1]?.raw).toBe('{"new_password2": "hunter2"}');
});

test('only the courses asked for become rows; the other events are counted as filtered', () => {
  const log = Buffer.from(
    ['A/B/C', 'D/E/F', '', 'A/B/C']
      .map((course) => `{"context": {"course_id": "${course}"}}\n`)
      .join('not json\n'),
  );
  const built = build([log], { courses: new Set(['A/B/C']) });
  expect(built.rows.map(({ line, course }) => [line, course])).toEqual([
    [1, 'A/B/C'],
    [7, 'A/B/C'],
  ]);
  expect(built.counts).toMatchObject({ lines: 7, events: 2, filtered: 2, rejected: 3, blank: 0 });
});

test('a log file that is given up leaves nothing behind for the next one of the same scanner', () => {
  for (const batch of held.splice(0)) freeBatch(KERNEL, batch);
  using scanner = new LineScanner(KERNEL);
  const lineOf = (type: string): Buffer => Buffer.from(`{"event_type": "${type}"}\n`);
  {
    using givenUp = new BatchBuilder(scanner, OPTIONS);
    for (const type of ['play_video', 'seek_video']) {
      expect([...givenUp.push(lineOf(type))]).toEqual([]);
    }
  }
  using builder = new BatchBuilder(scanner, OPTIONS);
  const batches = [...builder.push(lineOf('seek_video')), ...builder.finish()];
  expect(batches.flatMap(rowsOf).map(({ fields }) => fields)).toEqual([
    { event_type: 'seek_video' },
  ]);
  // A value of before would be one that nobody has, at a place whose memory is given back.
  for (const batch of batches) {
    for (const { valueStart } of batch.dictionaries) expect(valueStart.length).toBe(1);
    freeBatch(KERNEL, batch);
  }
});

test('line numbers go on from the line that the reading begins with', () => {
  const built = build([Buffer.from('{}\n\nx\n{}')], { fromLine: 41 });
  expect(built.rows.map(({ line }) => line)).toEqual([41, 44]);
  expect(built.rejected.map(({ line }) => line)).toEqual([43]);
});

test('the last line is told: what it was, whether masked, whether late', () => {
  const late = '{"time": "2013-10-01T00:00:00", "password": "x"}';
  expect(build([]).last).toBeUndefined();
  expect(build([Buffer.from(late)]).last).toEqual({ kind: 'event', isMasked: true, isLate: true });
  expect(build([Buffer.from(`${late}\n `)]).last?.kind).toBe('blank');
  expect(build([Buffer.from(`${late}\nx`)]).last?.kind).toBe('rejected');
  const other = build([Buffer.from(late)], { courses: new Set(['A/B/C']) });
  expect(other.last).toEqual({ kind: 'filtered', isMasked: true, isLate: false });
});

test('a batch is about as large as asked, and a log file of a few lines takes no window with it', () => {
  const line = `{"a": "${'x'.repeat(91)}"}\n`;
  const many = build(cut(Buffer.from(line.repeat(500)), 777), { batchBytes: 4000 });
  expect(many.batches.length).toBeGreaterThan(10);
  for (const { lineBytes } of many.batches) expect(lineBytes).toBeLessThanOrEqual(4000);
  const few = build([Buffer.from(line)], { batchBytes: 1 << 20 });
  // A block for the line and one for its columns, of the smallest size there is.
  expect(few.batches[0]).toMatchObject({ lineBytes: line.length, blockBytes: 2 << 16 });
});

/** Lines as servers write nearly all of them, some with one thing that is not usual. */
const usualLine = fc
  .record({
    date: fc.constantFrom(
      '2013-10-22',
      '2013-10-21',
      '2012-02-29',
      '2013-02-29',
      '2011-12-31',
      '2254-12-31',
    ),
    time: fc.constantFrom(
      'T00:00:00',
      'T23:59:59.999999',
      ' 05:06:07.12',
      'T24:00:00',
      'T1:00:00',
      'T01:02:03.1234567',
    ),
    offset: fc.constantFrom('+00:00', '', 'Z', '+01:00', '-0500', 'x'),
    course: fc.constantFrom('A/B/C', 'course-v1:A+B+C', 'A/B/C', '', 'none', ' A/B/C', 'D/E/F'),
    userId: fc.constantFrom(
      '17',
      '"18"',
      'null',
      '""',
      '123456789012345',
      '1234567890123456',
      '-1',
      '1.5',
    ),
    texts: fc.record(
      Object.fromEntries(
        ['username', 'session', 'ip', 'agent', 'page', 'event_type', 'name'].map((name) => [
          name,
          fc.oneof(
            { weight: 5, arbitrary: fc.stringMatching(/^[a-z0-9 /.:-]{0,40}$/) },
            fc.string({ unit: 'binary', maxLength: 12 }),
            fc.constantFrom(null, 7, { course_id: 'A/B/C' }),
          ),
        ]),
      ),
      { requiredKeys: [] },
    ),
    end: fc.constantFrom('', '', '', '\r', ' '),
  })
  .map(({ date, time, offset, course, userId, texts, end }) =>
    Buffer.from(
      `{"time": "${date}${time}${offset}", "context": {"course_id": "${course}", "user_id": ${userId}, "path": "/x"}${JSON.stringify(
        texts,
      ).replace('{', Object.keys(texts).length > 0 ? ', ' : '')}${end}`,
    ),
  );

test('runs of usual lines come to the same as every line read in full', () => {
  const anyLine = fc.oneof(
    { weight: 6, arbitrary: usualLine },
    { weight: 1, arbitrary: trackingLine.filter((line) => !line.includes(10)) },
  );
  let events = 0;
  fc.assert(
    fc.property(
      fc.array(anyLine, { minLength: 5, maxLength: 40 }),
      smallBounds,
      (lines, { chunkBytes }) => {
        const log = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
        const built = build(cut(log, chunkBytes * 10), { keepSecrets: true });
        const expected = lines.flatMap((line, at) => {
          const read = parseEvent(line);
          if (read.kind !== 'keep') return [];
          const { jsonAt, text, timeUs, timeState, userId, courseId } = read.value;
          const isUsable = timeState === 'ok';
          const values = TEXT_FIELDS.map((name, field) => [name, text[field]?.toString() ?? '']);
          return {
            line: at + 1,
            raw: line.toString('latin1'),
            course: courseId,
            timeUs: isUsable ? timeUs : LOG_DATE_US + 24 * HOUR_US - 1,
            timeState,
            isLate: isUsable && timeUs < LOG_DATE_US - 6 * HOUR_US,
            userId,
            jsonAt,
            fields: Object.fromEntries(values.filter(([, value]) => value !== '')),
          };
        });
        expect(built.rows).toEqual(expected);
        expect(built.counts.late).toBe(expected.filter(({ isLate }) => isLate).length);
        events += expected.length;
      },
    ),
    { numRuns: 400 },
  );
  expect(events).toBeGreaterThan(2_000);
});

test('a batch of very many short lines has room for all of them', () => {
  const lines = 30_000;
  const line = '{"time":"2013-10-22T00:00:00","context":{"course_id":"A/B/C"},"name":"';
  const log = Array.from({ length: lines }, (_, at) => `${line}${at}"}\n`).join('');
  const built = build(cut(Buffer.from(log), 128 << 10), { batchBytes: 4 << 20 });
  expect(built.rows.length).toBe(lines);
  expect(built.rows.every(({ fields }, at) => fields['name'] === String(at))).toBe(true);
});
