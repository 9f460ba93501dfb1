// Longer than 300 lines, because the generator of lines is of no use apart from its properties.
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

/** JSON text as no serializer writes it: odd white space, escapes, raw bytes, duplicates, NaN. */
const space = fc.constantFrom('', '', '', ' ', ' ', '\t ', '\r\n');
const letter = fc.oneof(
  fc.constantFrom(...'abz09/:+-_ .{}[],'),
  fc.constantFrom('\\n', '\\"', '\\\\', '\\/', '\\u0041', '\\ud83d\\ude00', '\\udead', '\\u00e9'),
  fc.integer({ min: 0x80, max: 0xff }).map((code) => String.fromCharCode(code)),
);
const text = fc.array(letter, { maxLength: 24 }).map((letters) => letters.join(''));
const known = fc.constantFrom(
  'A/B/C',
  ' A/B/C\\n',
  'course-v1:A+B+C',
  'course-v1%3AA%2BB%2BD',
  'no course',
  '/courses/A/B/C/info',
  'http://h/courses/course-v1:A+B+C/x?y=1#z',
  'https://h/courses/course-v1%3AA%2BB%2BC/x',
  '/api/courses/A/B/C/x',
  '/courses/v1/A/B/C',
  '/courses/vA/B/C/',
  '/courses/A/B',
  '/courses//B/C',
  '/xblock/block-v1:A+B+E+type@x+block@y/handler',
  'ftp://h/x/courses/A/B/F',
  '\\/courses\\/A/B/G',
  'server',
  'browser',
  'mobile',
  '2014-12-23T14:26:53.723188+00:00',
  '2014-12-23 14:26:53\\n',
  '2014-12-23T14:26:53.7231881234Z',
  '0300-01-01T00:00:00',
  '1379942400.25',
  '17',
  ' 17\\t',
  'block-v1:A+B+H+type@problem+block@p',
);
const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.oneof(known, text).map((inner) => `"${inner}"`) },
  fc.constantFrom('null', 'true', 'false', 'NaN', 'Infinity', '-Infinity', '0', '-0', '17', '-17'),
  fc.constantFrom(
    '1379942400',
    '1379942400123',
    '1379942400.123456789',
    '1.5e3',
    '9007199254740992',
  ),
  fc.double().map((value) => (Number.isFinite(value) ? JSON.stringify(value) : 'NaN')),
);
const ROOT_KEYS = [
  ...TEXT_FIELDS,
  'time',
  'event',
  'context',
  'user_id',
  'x',
  'even',
  'pages',
  'event_sourcf',
];
const CONTEXT_KEYS = [
  'org_id',
  'path',
  'user_id',
  'course_id',
  'course_ib',
  'course_iid',
  'session',
];
const EVENT_KEYS = ['course_id', 'problem_id', 'id', 'module_id', 'POST', 'course\\u005fid'];

function keyOf(names: readonly string[]): fc.Arbitrary<string> {
  const escaped = fc.tuple(fc.constantFrom(...names), fc.nat()).map(([name, at]) => {
    const code = name
      .charCodeAt(at % name.length)
      .toString(16)
      .padStart(4, '0');
    const i = at % name.length;
    return name.includes('\\') ? name : `${name.slice(0, i)}\\u${code}${name.slice(i + 1)}`;
  });
  return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, escaped, text);
}

function objectOf(
  names: readonly string[],
  value: fc.Arbitrary<string>,
  maxLength: number,
): fc.Arbitrary<string> {
  const member = fc
    .tuple(space, keyOf(names), space, space, value, space)
    .map(([a, key, b, c, inner, d]) => `${a}"${key}"${b}:${c}${inner}${d}`);
  return fc
    .tuple(fc.array(member, { maxLength }), space)
    .map(([members, gap]) => `{${members.length === 0 ? gap : members.join(',')}}`);
}

const { value: anyValue } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    objectOf(CONTEXT_KEYS, tie('value'), 3),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[ ${items.join(' , ')}]`),
  ),
}));
const eventObject = objectOf(EVENT_KEYS, anyValue, 4);
const eventString = eventObject.map((inner) => {
  // Python's dumps of an inner document: quotes and backslashes escaped, line ends as \n.
  const escaped = inner.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return `"${escaped.replaceAll('\r', '\\r').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`;
});
const rootMember = fc.oneof(
  { weight: 5, arbitrary: objectOf(ROOT_KEYS, anyValue, 1).map(insideOf) },
  {
    weight: 3,
    arbitrary: objectOf(CONTEXT_KEYS, anyValue, 5).map((inner) => `"context" :${inner}`),
  },
  { weight: 2, arbitrary: eventObject.map((inner) => ` "event": ${inner}`) },
  { weight: 2, arbitrary: eventString.map((inner) => `"event":${inner}`) },
);
const line = fc
  .tuple(
    fc.constantFrom('', '', 'Sep  9 00:00:48 localhost ', '\t', '\xef\xbb\xbf'),
    fc.array(rootMember, { maxLength: 8 }),
    fc.constantFrom('', '', ' ', '\r', '\v\f', 'x', '}'),
  )
  .map(([prefix, members, suffix]) => {
    const inside = members.filter((member) => member.trim() !== '').join(', ');
    return Buffer.from(`${prefix}{${inside}}${suffix}`, 'latin1');
  });

/** The members of an object's text, without its braces. */
function insideOf(object: string): string {
  return object.slice(1, -1);
}

test('scanner and plain reader agree on generated lines', () => {
  let events = 0;
  fc.assert(
    fc.property(line, (bytes) => {
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
    fc.property(line, (bytes) => {
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
    fc.property(line, edits, (bytes, changes) => {
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

test('the last line of a buffer is read without a byte after it', () => {
  const fresh = new LineScanner();
  for (const ending of [
    '{"ip":""}',
    '{"ip": "1',
    '{"time":"2014-01-01T00:00:00"}',
    '{"a":tru',
    '{"a":"\\u0',
  ]) {
    const bytes = Buffer.from(new Uint8Array(Buffer.from(`x\n${ending}`)));
    expect(scanned(fresh, bytes, 2, bytes.length)).toEqual(parsed(Buffer.from(ending)));
  }
});

test('a course has one index however its id is written, and ids stay in order of first sight', () => {
  const fresh = new LineScanner();
  const courseOf = (id: string): number => {
    const bytes = Buffer.from(`{"context": {"course_id": "${id}"}}`);
    expect(fresh.scan(bytes, 0, bytes.length)).toBe(LINE_EVENT);
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
