/** Secrets in every shape that logs have them in: the program masks what a second, plain reader masks. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maskSecrets } from '#shared/tracking/mask-secrets';
import { maskSecrets as maskPlainly } from '../support/oracle-secrets.js';

const name = fc.constantFrom(
  'password',
  'password1',
  'new_password2',
  'OLD_PASSWORD',
  'pwd',
  'user-passwd',
  'passphrase_confirm',
  'password_reset',
  'keyword',
  'sword',
);
const text = fc.stringMatching(/^[a-zé"'\\\t,:{}[\]=9]{0,9}$/);
const scalar = fc.oneof(
  text,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constant(null),
);
const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }));
type Value = string | number | null | Value[];

/** Some letters of names (they alone hold no other escapes) as `\u00XX`. */
function withEscapes(json: string, every: number): string {
  let count = 0;
  const escaped = (letter: string) =>
    every > 0 && count++ % every === 0 ? `\\u00${letter.charCodeAt(0).toString(16)}` : letter;
  return json.replace(/"[\w-]+":/g, (found) => found.replace(/[a-z]/gi, escaped));
}

/** As `repr` of Python 2 writes it: a string has double quotes where only single ones stand in it. */
function repr(some: Value): string {
  if (some === null) return 'None';
  if (typeof some === 'number') return String(some);
  if (Array.isArray(some)) return `[${some.map(repr).join(', ')}]`;
  const quote = some.includes("'") && !some.includes('"') ? '"' : "'";
  const body = some
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll(quote, `\\${quote}`)
    .replaceAll('é', '\\xe9');
  return `u${quote}${body}${quote}`;
}

function lineOf(key: string, secret: Value, other: Value, kind: string, every: number): string {
  const fields = { a: other, [key]: secret, z: other };
  const json = withEscapes(JSON.stringify(fields), every);
  if (kind === 'root') return json;
  if (kind === 'string') return JSON.stringify({ event: json, page: null });
  const members = Object.entries(fields).map(([each, some]) => `u'${each}': ${repr(some)}`);
  return JSON.stringify({ event: `{${members.join(', ')}}`, page: null });
}

const kind = fc.constantFrom('root', 'string', 'python');

test('lines that are whole come out byte for byte as from the plain reader, and stay JSON', () => {
  fc.assert(
    fc.property(name, value, value, kind, fc.nat(4), (key, secret, other, shape, every) => {
      const line = lineOf(key, secret, other, shape, every);
      const bytes = Buffer.from(line, 'latin1');
      const count = maskSecrets(bytes, 0, bytes.length);
      const wanted = maskPlainly(Buffer.from(line, 'latin1'));
      expect(bytes.toString('latin1')).toBe(wanted.bytes.toString('latin1'));
      expect(count > 0).toBe(wanted.isMasked);
      JSON.parse(bytes.toString('latin1'));
    }),
    { numRuns: 10_000 },
  );
});

test('of a secret that was cut anywhere nothing is left, and the line stays JSON', () => {
  const secret = fc.stringMatching(/^[Q'"\\]{1,9}$/);
  fc.assert(
    fc.property(name, secret, fc.nat(), fc.boolean(), (key, some, cut, isPython) => {
      fc.pre(!/reset|word$/.test(key.replace(/password$/i, '')));
      const inner = isPython
        ? `{u'POST': {u'${key}': [${repr(some)}]}}`
        : JSON.stringify({ [key]: [some] });
      const text = inner.slice(0, cut % (inner.length + 1));
      const bytes = Buffer.from(JSON.stringify({ event: text, page: null }));
      maskSecrets(bytes, 0, bytes.length);
      expect(bytes.toString()).not.toContain('Q');
      expect(JSON.parse(bytes.toString())).toMatchObject({ page: null });
    }),
    { numRuns: 5_000 },
  );
});
