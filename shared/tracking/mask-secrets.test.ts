/** This file is longer than 300 lines, because every shape of a secret is an example of its own. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findSecretCandidate, maskSecrets } from './mask-secrets.js';

function masked(line: string): { line: string; count: number } {
  const bytes = Buffer.from(`"password": "x" ${line}&password=y`, 'latin1');
  const from = 16;
  const to = bytes.length - 11;
  const count = maskSecrets(bytes, from, to);
  const around = bytes.toString('latin1', 0, from) + bytes.toString('latin1', to);
  expect(around, 'bytes outside of the line').toBe('"password": "x" &password=y');
  return { line: bytes.toString('latin1', from, to), count };
}

describe('values of secrets become asterisks of the same length', () => {
  test.each([
    ['{"password": "abc", "x": 1}', '{"password": "***", "x": 1}', 1],
    ['{"password": "a\\"b\\\\"}', '{"password": "******"}', 1],
    ['{"password1": ["a", "bc"], "x": "y"}', '{"password1": ["*", "**"], "x": "y"}', 2],
    ['{"old_password":"J\xc3\xa9"}', '{"old_password":"***"}', 1],
    [
      '{"newPassword": "a", "PASSWORD": "b", "pwd": "c"}',
      '{"newPassword": "*", "PASSWORD": "*", "pwd": "*"}',
      3,
    ],
    [
      '{"password_confirmation": "a", "passwd": "b"}',
      '{"password_confirmation": "*", "passwd": "*"}',
      2,
    ],
    [
      '{"key_passphrase": "a", "new-password": "b"}',
      '{"key_passphrase": "*", "new-password": "*"}',
      2,
    ],
    [
      '{"event": "{\\"POST\\": {\\"password\\": [\\"hunter2\\"], \\"b\\": [\\"c\\"]}}"}',
      '{"event": "{\\"POST\\": {\\"password\\": [\\"*******\\"], \\"b\\": [\\"c\\"]}}"}',
      1,
    ],
    [
      '{"event": "{\\"a\\": \\"{\\\\\\"pwd\\\\\\": \\\\\\"s\\\\\\\\\\\\\\"c\\\\\\"}\\"}"}',
      '{"event": "{\\"a\\": \\"{\\\\\\"pwd\\\\\\": \\\\\\"**********\\\\\\"}\\"}"}',
      1,
    ],
    ['{"event": "a=b&password=x%20y&c=d"}', '{"event": "a=b&password=*****&c=d"}', 1],
    ['{"event": "password=x"}', '{"event": "password=*"}', 1],
    ['{"event": "\\"password=x\\""}', '{"event": "\\"password=*\\""}', 1],
    ['{"page": "/a?password=x\\u0026b=c"}', '{"page": "/a?password=*\\u0026b=c"}', 1],
    ['{"page": "/a?n=b%26password%3Dx%26c"}', '{"page": "/a?n=b%26password%3D*%26c"}', 1],
  ])('%s', (line, expected, count) => {
    expect(masked(line)).toEqual({ line: expected, count });
  });
});

describe('numbers, and what stands below a secret, go as well, and JSON stays JSON', () => {
  test.each([
    ['{"password": 1205, "x": 1205}', '{"password": 9999, "x": 1205}', 1],
    ['{"password": -0.5e+10}', '{"password": -9.9e+99}', 1],
    ['{"pwd": [10, "a", null], "x": [10]}', '{"pwd": [99, "*", null], "x": [10]}', 2],
    [
      '{"password": {"value": "abc", "n": [0, {"old": "de"}], "ok": true}, "x": "y"}',
      '{"password": {"value": "***", "n": [9, {"old": "**"}], "ok": true}, "x": "y"}',
      3,
    ],
    [
      '{"event": "{\\"password\\": 12, \\"x\\": 12}"}',
      '{"event": "{\\"password\\": 99, \\"x\\": 12}"}',
      1,
    ],
    ['{"event": "{\\n  \\"password\\": 12\\n}"}', '{"event": "{\\n  \\"password\\": 99\\n}"}', 1],
  ])('%s', (line, expected, count) => {
    expect(masked(line)).toEqual({ line: expected, count });
    JSON.parse(expected);
  });
});

describe('letters, quotes and signs that are written as escapes hide nothing', () => {
  test.each([
    ['{"passw\\u006frd": "abc"}', '{"passw\\u006frd": "***"}', 1],
    [
      '{"\\u0070\\u0061\\u0073\\u0073\\u0077\\u006F\\u0072\\u0064": "abc"}',
      '{"\\u0070\\u0061\\u0073\\u0073\\u0077\\u006F\\u0072\\u0064": "***"}',
      1,
    ],
    [
      '{"event": "{\\"n\\\\u0065w_p\\\\u0077d\\": [\\"abc\\"]}"}',
      '{"event": "{\\"n\\\\u0065w_p\\\\u0077d\\": [\\"***\\"]}"}',
      1,
    ],
    ['{"event": "{\\"p\\u0077d\\": \\"abc\\"}"}', '{"event": "{\\"p\\u0077d\\": \\"***\\"}"}', 1],
    [
      '{"event": "{\\u0022password\\u0022: \\u0022ab\\\\\\u0022c\\u0022, \\u0022a\\u0022: 1}"}',
      '{"event": "{\\u0022password\\u0022: \\u0022***********\\u0022, \\u0022a\\u0022: 1}"}',
      1,
    ],
    ['{"event": "a\\u0026pwd\\u003dabc\\u0026b"}', '{"event": "a\\u0026pwd\\u003d***\\u0026b"}', 1],
    ['{"event": "a\\npassword=abc\\u0022"}', '{"event": "a\\npassword=***\\u0022"}', 1],
  ])('%s', (line, expected, count) => {
    expect(masked(line)).toEqual({ line: expected, count });
    JSON.parse(expected);
  });
});

describe('what Python printed is read as Python wrote it', () => {
  test.each([
    [
      `{"event": "{'POST': {u'password': [u'hunter2'], u'a': [u'b']}}"}`,
      `{"event": "{'POST': {u'password': [u'*******'], u'a': [u'b']}}"}`,
      1,
    ],
    [`{'password': 'abc', 'x': 'y'}`, `{'password': '***', 'x': 'y'}`, 1],
    [
      `{"event": "{'password': u\\"it's\\", 'x': 'y'}"}`,
      `{"event": "{'password': u\\"****\\", 'x': 'y'}"}`,
      1,
    ],
    [
      `{"event": "{'password': 'a\\\\'\\"b', 'x': 'y'}"}`,
      `{"event": "{'password': '*******', 'x': 'y'}"}`,
      1,
    ],
    [
      `{"event": "{'password': 'ab\\\\\\\\', 'x': 'y'}"}`,
      `{"event": "{'password': '******', 'x': 'y'}"}`,
      1,
    ],
    [
      `{"event": "<QueryDict: {u'new_password1': [u'a', 12L]}>", "x": "y"}`,
      `{"event": "<QueryDict: {u'new_password1': [u'*', ***]}>", "x": "y"}`,
      2,
    ],
    [
      `{"event": "{'password': ('ab', {'x': 12})}", "x": "y"}`,
      `{"event": "{'password': ('**', {'x': 99})}", "x": "y"}`,
      2,
    ],
    [
      `{"event": "{u'password': [u'hun", "x": 'y'}`,
      `{"event": "{u'password': [u'***", "x": 'y'}`,
      1,
    ],
    [`{"event": "{u'password': 12`, `{"event": "{u'password': 99`, 1],
  ])('%s', (line, expected, count) => {
    expect(masked(line)).toEqual({ line: expected, count });
  });
});

test.each([
  ['{"password": abc, "x": "y"}', '{"password": ***, "x": "y"}'],
  ['{"password": \\"abc\\", "x": "y"}', '{"password": \\"***\\", "x": "y"}'],
  ['{"password": {"a": "b', '{"password": {"a": "*'],
])('a line that is no JSON is masked where a value may stand: %s', (line, expected) => {
  expect(masked(line).line).toBe(expected);
});

describe('a value that was cut off is masked to the end of what holds it', () => {
  test.each([
    [
      '{"event": "{\\"POST\\": {\\"password\\": [\\"hun", "page": null}',
      '{"event": "{\\"POST\\": {\\"password\\": [\\"***", "page": null}',
    ],
    [
      '{"event": "{\\"password\\": [\\"hun\\\\", "page": null}',
      '{"event": "{\\"password\\": [\\"*****", "page": null}',
    ],
    ['{"password": "abc', '{"password": "***'],
    ['{"event": "{\\"password\\": \\"ab', '{"event": "{\\"password\\": \\"**'],
    ['{"event": "password=ab', '{"event": "password=**'],
    ['{"password": ["a", "b\r', '{"password": ["*", "*\r'],
  ])('%s', (line, expected) => {
    expect(masked(line).line).toBe(expected);
  });
});

test.each([
  '{"password_reset_link": "http://h", "passwordless": "a"}',
  '{"keyword": "a", "event_type": "password_change"}',
  '{"password": "", "pwd": "****", "passwd": null, "password2": [], "x": "y"}',
  '{"has": "password", "x": "y"}',
  '{"event": "password=&x=y"}',
  '{"event": "{\\"password\\""}',
  'password',
  '{"password": true, "pwd": false, "passwd": NaN, "password1": {}, "x": "y"}',
  '{"keyw\\u006frd": "a", "caf\\u00e9": "b", "\\u0061": "c"}',
  "{\"event\": \"{'password_reset': u'a', 'password': None, 'pwd': u''}\"}",
  '{"event": "the \'password\': what is it?"}',
])('a line without secrets stays as it is: %s', (line) => {
  expect(masked(line)).toEqual({ line, count: 0 });
});

const secret = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
const name = fc.constantFrom(
  'password',
  'password1',
  'password2',
  'new_password1',
  'new_password2',
  'old_password',
  'confirm_password',
  'password_confirmation',
  'current_password',
  'passwd',
  'pwd',
  'passphrase',
);

/** A document in `levels` strings of JSON, one inside the other, as a line of a log has it. */
function wrapped(value: unknown, levels: number): string {
  let text = JSON.stringify(value);
  for (let i = 0; i < levels; i++) text = JSON.stringify({ event: text, after: 'kept' });
  return text;
}

function unwrapped(text: string, levels: number): unknown {
  let value: unknown = JSON.parse(text);
  for (let i = 0; i < levels; i++) {
    // The test made every level an object with an event that is a string.
    const level = value as { event: string; after: string };
    expect(level.after).toBe('kept');
    value = JSON.parse(level.event);
  }
  return value;
}

test('at any level of escaping the line stays JSON, the value goes, the rest and the length stay', () => {
  fc.assert(
    fc.property(
      name,
      secret,
      fc.string({ unit: 'binary' }),
      fc.nat(4),
      fc.boolean(),
      (key, value, other, levels, isArray) => {
        const line = wrapped(
          { a: other, [key]: isArray ? [value, value] : value, z: other },
          levels,
        );
        const bytes = Buffer.from(line);
        const isOpen = /[^*]/.test(value);
        expect(maskSecrets(bytes, 0, bytes.length)).toBe(isOpen ? (isArray ? 2 : 1) : 0);
        expect(bytes.length).toBe(Buffer.byteLength(line));
        // The test made the document of this shape.
        const document = unwrapped(bytes.toString(), levels) as Record<string, string | string[]>;
        expect(document['a']).toBe(other);
        expect(document['z']).toBe(other);
        expect([document[key]].flat().join('')).toMatch(/^\*+$/);
        expect(maskSecrets(bytes, 0, bytes.length), 'a second pass').toBe(0);
      },
    ),
    { numRuns: 3_000 },
  );
});

test('an inner document that is cut at any byte leaves nothing of the secret, and valid JSON', () => {
  const marked = fc.stringMatching(/^[Q"\\]{1,12}$/);
  fc.assert(
    fc.property(name, marked, fc.nat(2), fc.nat(), (key, value, levels, cut) => {
      const inner = wrapped({ POST: { [key]: [value] } }, levels);
      const text = inner.slice(0, cut % (inner.length + 1));
      const bytes = Buffer.from(JSON.stringify({ event: text, page: null }));
      maskSecrets(bytes, 0, bytes.length);
      const line: unknown = JSON.parse(bytes.toString());
      expect(line).toMatchObject({ page: null });
      expect(bytes.toString()).not.toContain('Q');
    }),
    { numRuns: 3_000 },
  );
});

test('form bodies lose the secret and nothing else', () => {
  fc.assert(
    fc.property(name, secret, secret, fc.nat(3), (key, value, other, levels) => {
      const form = new URLSearchParams([
        ['a', other],
        [key, value],
        ['z', other],
      ]).toString();
      const bytes = Buffer.from(wrapped({ event: form }, levels));
      maskSecrets(bytes, 0, bytes.length);
      // The test made the document of this shape.
      const { event } = unwrapped(bytes.toString(), levels) as { event: string };
      const fields = new URLSearchParams(event);
      expect([fields.get('a'), fields.get('z')]).toEqual([other, other]);
      expect(fields.get(key)).toMatch(/^\*+$/);
      expect(event.length).toBe(form.length);
    }),
    { numRuns: 1_000 },
  );
});

test('masking any bytes whatever ends, and touches no byte outside of the line', () => {
  const pieces = fc.constantFrom(
    '"',
    '\\',
    '\\"',
    '\\\\\\"',
    'password',
    'pwd',
    '=',
    ':',
    '[',
    ']',
    ' ',
    ',',
    'a',
    '{',
    '&',
    '%3D',
    '\n',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
      const line = parts.join('');
      const result = masked(line);
      expect(result.line.length).toBe(line.length);
      expect(masked(result.line)).toEqual({ line: result.line, count: 0 });
    }),
    { numRuns: 5_000 },
  );
});

test('the search over a window meets every line that masking would change, in every step of it', () => {
  const filler = '{"event_type": "keyword", "agent": "Mozilla"}\n'.repeat(4_000);
  const lines = ['{"password": "abc"}\n', '{"passw\\u006frd": "abc"}\n'];
  // The steps end after 1 KiB, and then after twice as much each.
  const edges = [1_024, 3_072, 64_512, 130_048];
  const cuts = edges.flatMap((edge) => [...Array(18).keys()].map((before) => edge + 3 - before));
  for (const [line = '', cut = 0] of lines.flatMap((each) =>
    cuts.map((cut) => [each, cut] as const),
  )) {
    const window = Buffer.from(filler.slice(0, cut) + line + filler, 'latin1');
    const at = findSecretCandidate(window, 0, window.length);
    expect(at).toBeGreaterThanOrEqual(cut);
    expect(at).toBeLessThan(cut + line.length);
    expect(findSecretCandidate(window, at + 1, window.length)).toBe(-1);
  }
});

test('a line that was cut inside the escape before a value keeps its backslashes', () => {
  for (const end of ['\\\\', '\\\\\\\\', '[\\\\', ' \\\\']) {
    const line = `{"event":"{\\"POST\\":{\\"password\\":${end}`.replaceAll('\\\\', '\\');
    const bytes = Buffer.from(line);
    expect(maskSecrets(bytes, 0, bytes.length)).toBe(0);
    expect(bytes.toString()).toBe(line);
  }
});
