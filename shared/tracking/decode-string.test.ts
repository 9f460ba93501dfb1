import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeString } from './decode-string.js';

function decoded(inner: string): string {
  const bytes = Buffer.from(inner, 'latin1');
  return decodeString(bytes, 0, bytes.length).toString('latin1');
}

test('what is decoded agrees with JSON.parse and Buffer.from for any text in any escapes', () => {
  const unit = fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd7f0, max: 0xe00f }), fc.nat(0x7f));
  const escaped = unit.map((code) => `\\u${code.toString(16).padStart(4, '0')}`);
  const piece = fc.oneof(
    escaped,
    fc.constantFrom('\\n', '\\t', '\\b', '\\f', '\\r', '\\"', '\\\\', '\\/', 'a', ' ', 'n'),
    fc.constant('\\ud83d\\ude00'),
    escaped.map((text) => text.replaceAll(/[A-F]/g, (digit) => digit.toLowerCase())),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const inner = pieces.join('');
      const value: unknown = JSON.parse(`"${inner}"`);
      expect(decoded(inner)).toBe(Buffer.from(String(value), 'utf8').toString('latin1'));
    }),
    { numRuns: 3_000 },
  );
});

test('bytes that are no UTF-8 stay as they are beside escapes', () => {
  expect(decoded('\xe9\\u00e9\xff\\ud83d\xfe')).toBe('\xe9\xc3\xa9\xff\xef\xbf\xbd\xfe');
});
