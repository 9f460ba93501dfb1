import fc from 'fast-check';
import type { KafkaMessage } from 'kafkajs';
import { expect, test } from 'vitest';
import { PartReader } from '#shared/kafka/part-reader';

const COURSES = ['A/B/C', 'course-v1:D+E+F', 'none/prod-1'];

interface Line {
  readonly line: number;
  readonly course: string;
  readonly text: string;
}

function record(lines: readonly Line[], extra: Record<string, string> = {}): KafkaMessage {
  return message(lines[0]?.course ?? '', lines.map(({ text }) => text).join('\n'), {
    kind: 'lines',
    lines: lines.map(({ line }) => line).join(','),
    ...extra,
  });
}

function message(key: string, value: string, headers: Record<string, string>): KafkaMessage {
  return {
    key: Buffer.from(key),
    value: Buffer.from(value),
    timestamp: '0',
    attributes: 0,
    offset: '0',
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]),
    ),
  };
}

/** What a reader took, line by line, as a consumer of no skill would cut it. */
function taken(reader: PartReader): Line[] {
  return reader.take().runs.flatMap(({ bytes, lines, skip }) => {
    const texts = bytes.toString().split('\n');
    return [...lines].map((line, at) => ({ line, text: texts[at] ?? '', course: '' })).slice(skip);
  });
}

/** An attempt: the lines of each course in their order, cut into records of any size, up to any point. */
function attempt(lines: readonly Line[]): fc.Arbitrary<KafkaMessage[]> {
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 40, maxLength: 40 });
  return fc.tuple(sizes, fc.nat(lines.length * 2)).map(([cuts, end]) => {
    const records: KafkaMessage[] = [];
    let cut = 0;
    for (let from = 0; from < lines.length; from += 8) {
      for (const course of COURSES) {
        const ofCourse = lines.slice(from, from + 8).filter((one) => one.course === course);
        while (ofCourse.length > 0) {
          records.push(record(ofCourse.splice(0, cuts[cut % cuts.length] ?? 1)));
          cut += 1;
        }
      }
    }
    return records.slice(0, end);
  });
}

test('attempts that break off anywhere and mix in any way give each line once, in order for each course', () => {
  const someLines = fc
    .array(fc.constantFrom(...COURSES), { minLength: 1, maxLength: 40 })
    .map((courses) => courses.map((course, at) => ({ line: at + 1, course, text: `{"n":${at}}` })));
  const scenario = someLines.chain((lines) =>
    fc.record({
      lines: fc.constant(lines),
      attempts: fc.tuple(attempt(lines), attempt(lines)),
      picks: fc.array(fc.boolean(), { maxLength: 200 }),
    }),
  );
  fc.assert(
    fc.property(scenario, ({ lines, attempts: [first, second], picks }) => {
      const reader = new PartReader();
      // The last attempt is whole: a part ends only then.
      const whole = lines.map((one) => record([one]));
      const queues = [[...first], [...second]];
      for (const pick of picks) {
        const next = queues[pick ? 1 : 0]?.shift();
        if (next !== undefined) reader.addLines(next);
      }
      for (const one of [...queues.flat(), ...whole]) reader.addLines(one);
      const came = taken(reader);
      expect(came.map(({ line }) => line).toSorted((a, b) => a - b)).toEqual(
        lines.map(({ line }) => line),
      );
      expect(reader.events).toBe(lines.length);
      for (const { line, text } of came) expect(text).toBe(lines[line - 1]?.text);
      for (const course of COURSES) {
        const ofCourse = came
          .map(({ line }) => line)
          .filter((line) => lines[line - 1]?.course === course);
        expect(ofCourse).toEqual(ofCourse.toSorted((a, b) => a - b));
      }
    }),
    { numRuns: 300 },
  );
});

test('a line in pieces is put together, also where two attempts send theirs one through the other', () => {
  const reader = new PartReader();
  const piece = (text: string, at: number): KafkaMessage =>
    message('A/B/C', text, { kind: 'lines', lines: '7', piece: `${at}/3` });
  for (const one of [
    piece('ab', 1),
    piece('ab', 1),
    piece('cd', 2),
    piece('cd', 2),
    piece('e', 3),
  ]) {
    reader.addLines(one);
  }
  reader.addLines(piece('e', 3));
  expect(taken(reader)).toEqual([{ line: 7, text: 'abcde', course: '' }]);
  expect(reader.events).toBe(1);
});

test('a rejected line comes once, with what was found', () => {
  const reader = new PartReader();
  const rejected = message('none/x', '\u0001', {
    ...{ kind: 'rejected', lines: '3', reason: 'cut', detail: 'The line ends early.' },
  });
  expect([reader.addRejected(rejected), reader.addRejected(rejected)]).toEqual([0, 1]);
  expect(reader.take().rejected).toEqual([
    { line: 3, reason: 'cut', detail: 'The line ends early.', raw: Buffer.from('\u0001') },
  ]);
  expect(reader.rejected).toBe(1);
});
