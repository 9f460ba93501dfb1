import { describe, expect, test } from 'vitest';
import { FIELD_NAMES } from './line-rules.js';
import { type ParsedEvent, parseEvent } from './parse-event.js';

function read(line: string): ParsedEvent {
  const parsed = parseEvent(Buffer.from(line, 'latin1'));
  if (parsed.kind !== 'keep') throw new Error(`not an event: ${JSON.stringify(parsed)}`);
  return parsed.value;
}

function column(line: string, field: (typeof FIELD_NAMES)[number]): string {
  return read(line).text[FIELD_NAMES.indexOf(field)]?.toString('latin1') ?? 'absent';
}

function reasonOf(line: string): string {
  const parsed = parseEvent(Buffer.from(line, 'latin1'));
  return parsed.kind === 'keep' ? 'event' : parsed.reason;
}

test('a server event gives every column', () => {
  const line =
    '{"username": "audit", "event_type": "/courses/UnivX/P1/R/info", "ip": "10.0.0.1", "agent": "Lynx", "host": "courses.edx.org", "referer": "http://r", "session": "ab", "name": "n", "event": "{\\"POST\\": {}, \\"GET\\": {}}", "event_source": "server", "context": {"course_user_tags": {}, "user_id": 2, "org_id": "UnivX", "course_id": "course-v1:UnivX+P1+R", "path": "/p"}, "time": "2015-10-04T09:47:27.227952+00:00", "page": null}';
  const event = read(line);
  expect(event.text.map(String)).toEqual([
    '/courses/UnivX/P1/R/info',
    'n',
    'server',
    'audit',
    'ab',
    '10.0.0.1',
    'Lynx',
    'courses.edx.org',
    '',
    'http://r',
    'UnivX',
    '/p',
  ]);
  expect(event).toMatchObject({
    jsonAt: 0,
    userId: 2,
    timeUs: Date.UTC(2015, 9, 4, 9, 47, 27) * 1000 + 227_952,
    timeState: 'ok',
    courseId: 'course-v1:UnivX+P1+R',
  });
});

test('a junk prefix is passed over and its length kept', () => {
  const line = 'Sep  9 00:00:48 localhost {"username": "a", "time": "2012-09-09T00:00:48.123456"}';
  expect(read(line)).toMatchObject({ jsonAt: 26, timeState: 'ok' });
});

test('any object is an event, also an empty one and one without a usable time', () => {
  expect(read('{}')).toMatchObject({ timeState: 'missing', courseId: '', userId: null });
  expect(read('{}').timeUs).toBeNaN();
  expect(read('{"time": null}').timeState).toBe('missing');
  expect(read('{"time": ""}').timeState).toBe('missing');
  expect(read('{"time": "hello"}').timeState).toBe('unparsable');
  expect(read('{"time": NaN}').timeState).toBe('unparsable');
  expect(read('{"time": {"$date": 1}}').timeState).toBe('unparsable');
  expect(read('{"time": "0300-01-01T00:00:00"}').timeState).toBe('implausible');
  expect(read('{"time": 1379942400}')).toMatchObject({ timeState: 'ok', timeUs: 1_379_942_400e6 });
});

test('text columns hold the value of a string and the JSON text of anything else', () => {
  expect(column('{"username": "Jos\\u00e9"}', 'username')).toBe('Jos\xc3\xa9');
  expect(column('{"username": "Jos\xe9"}', 'username')).toBe('Jos\xe9');
  expect(column('{"username": "\\ud83d"}', 'username')).toBe('\xef\xbf\xbd');
  expect(column('{"page": null}', 'page')).toBe('');
  expect(column('{"page": 1.50}', 'page')).toBe('1.50');
  expect(column('{"page": NaN}', 'page')).toBe('NaN');
  expect(column('{"page": {"a" : [1, "}"]} }', 'page')).toBe('{"a" : [1, "}"]}');
  expect(column('{"context": {"path": "/event"}}', 'path')).toBe('/event');
  expect(column('{"context": [{"path": "/event"}]}', 'path')).toBe('');
  expect(column('{"path": "/event"}', 'path')).toBe('');
});

test('of a key that comes twice the last value counts, also if it is written with escapes', () => {
  expect(column('{"username": "a", "\\u0075sername": "b"}', 'username')).toBe('b');
  expect(column('{"context": {"path": "/a"}, "context": {}}', 'path')).toBe('');
  expect(column('{"context": {"path": "/a"}, "context": null}', 'path')).toBe('');
});

test.each([
  ['7', 7],
  ['"7"', 7],
  ['" 42\\n"', 42],
  ['9007199254740991', 9007199254740991],
  ['9007199254740993', null],
  ['""', null],
  ['null', null],
  ['-1', null],
  ['1.0', null],
  ['true', null],
  ['[1]', null],
  ['"7a"', null],
])('user_id %s is %s', (value, expected) => {
  expect(read(`{"context": {"user_id": ${value}}}`).userId).toBe(expected);
});

describe('what is no object is rejected with its reason', () => {
  test.each([
    ['# a comment', 'no-object'],
    ['\0\0\0', 'no-object'],
    ['[1, 2]', 'no-object'],
    ['{', 'cut'],
    ['{"a": "x', 'cut'],
    ['{"a": "x\\', 'cut'],
    ['{"a": "x\\u00', 'cut'],
    ['{"a": tru', 'cut'],
    ['{"a": -', 'cut'],
    ['{"a": Infin', 'cut'],
    ['{"a": [1, {"b": 2}', 'cut'],
    ['{"a": 1}{', 'not-json'],
    ['{"a": 1} x', 'not-json'],
    ['{"a": 1,}', 'not-json'],
    ['{"a" 1}', 'not-json'],
    ["{'time': '2020-01-01'}", 'not-json'],
    ['{"a": 01}', 'not-json'],
    ['{"a": 1.}', 'not-json'],
    ['{"a": +1}', 'not-json'],
    ['{"a": -NaN}', 'not-json'],
    ['{NaN: 1}', 'not-json'],
    ['{"a": "\t"}', 'not-json'],
    ['{"a": "\\x41"}', 'not-json'],
    ['{"a":\v1}', 'not-json'],
    ['{"context": "course_id": "x"}', 'not-json'],
    [`${'{"a":'.repeat(513)}1${'}'.repeat(513)}`, 'too-deep'],
    ['{"a":'.repeat(100_000), 'too-deep'],
    ['', 'blank'],
    [' \t\r\v\f', 'blank'],
  ])('%j: %s', (line, reason) => {
    expect(reasonOf(line)).toBe(reason);
  });

  test('the deepest nesting allowed, NaN, Infinity and white space at the end are no fault', () => {
    expect(reasonOf(`${'{"a":'.repeat(512)}1${'}'.repeat(512)}`)).toBe('event');
    expect(reasonOf('{"a": [NaN, -Infinity, Infinity], "b": 1} \r\v')).toBe('event');
  });

  test('the detail says where the text broke and what stood there', () => {
    expect(parseEvent(Buffer.from('x {"a": 1,}'))).toEqual({
      kind: 'reject',
      reason: 'not-json',
      detail: 'byte 9 of the object: expected a key, met "}"',
    });
  });
});

describe('the course comes from the first place that names one', () => {
  const block = 'block-v1:UnivX+P1+R+type@problem+block@a1';
  test.each([
    ['the context', '{"context": {"course_id": "A/B/C", "path": "/courses/D/E/F"}}', 'A/B/C'],
    ['the context, trimmed', '{"context": {"course_id": "A/B/C\\n"}}', 'A/B/C'],
    ['the event', '{"context": {"course_id": ""}, "event": {"course_id": "A/B/C"}}', 'A/B/C'],
    ['an event in a string', '{"event": "{\\"course_id\\": \\"A/B/C\\", \\"x\\": NaN}"}', 'A/B/C'],
    ['an escaped key of it', '{"event": {"course\\u005fid": "A/B/C"}}', 'A/B/C'],
    [
      'the event before the path',
      '{"context": {"path": "/courses/D/E/F"}, "event": {"course_id": "A/B/C"}}',
      'A/B/C',
    ],
    [
      'the path, where the event has nonsense',
      '{"context": {"path": "/courses/D/E/F"}, "event": {"course_id": "nonsense"}}',
      'D/E/F',
    ],
    ['the event type', '{"event_source": "server", "event_type": "/courses/A/B/C/info"}', 'A/B/C'],
    [
      'no event type of a browser',
      '{"event_source": "browser", "event_type": "/courses/A/B/C"}',
      '',
    ],
    [
      'no event type that is a URL',
      '{"event_source": "server", "event_type": "http://h/courses/A/B/C"}',
      '',
    ],
    [
      'the page of a browser',
      '{"event_source": "browser", "page": "http://h/courses/A/B/C/x"}',
      'A/B/C',
    ],
    [
      'the page of a phone',
      '{"event_source": "mobile", "page": "http://h/courses/A/B/C/x"}',
      'A/B/C',
    ],
    ['no page of a server', '{"event_source": "server", "page": "http://h/courses/A/B/C/x"}', ''],
    [
      'the referer',
      '{"event_source": "server", "referer": "http:\\/\\/h\\/courses/A/B/C/"}',
      'A/B/C',
    ],
    ['an id', `{"event": {"problem_id": "${block}"}}`, 'course-v1:UnivX+P1+R'],
    ['an id in a string', `{"event": "{\\"id\\": \\"${block}\\"}"}`, 'course-v1:UnivX+P1+R'],
    ['no i4x id', '{"event": {"problem_id": "i4x://A/B/problem/a1"}}', ''],
    [
      'the referer before an id',
      `{"referer": "/courses/A/B/C/", "event": {"id": "${block}"}}`,
      'A/B/C',
    ],
    ['no cut event', '{"event": "{\\"course_id\\": \\"A/B/C\\", \\"x"}', ''],
    ['no heartbeat', '{"event_source": "server", "event_type": "/heartbeat"}', ''],
  ])('%s: %s', (_, line, course) => {
    expect(read(line).courseId).toBe(course);
  });
});
