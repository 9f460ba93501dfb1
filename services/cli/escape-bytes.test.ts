import fc from 'fast-check';
import { expect, test } from 'vitest';
import { escapeBytes } from './escape-bytes.js';

test('text in any script stays readable', () => {
  expect(escapeBytes(Buffer.from('{"name": "Žofie 学生"}'))).toBe('{"name": "Žofie 学生"}');
});

test('what moves the cursor, turns the direction of writing or rings the bell is shown by number', () => {
  expect(escapeBytes(Buffer.from('a\u001b[2Jb\u0007\u202ec'))).toBe(
    'a\\x1b[2Jb\\x07\\xe2\\x80\\xaec',
  );
});

test('bytes that are no UTF-8 are shown by number', () => {
  expect(escapeBytes(Buffer.from([0x61, 0xff, 0xe9, 0x62]))).toBe('a\\xff\\xe9b');
});

test('no bytes whatever leave a control character', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(escapeBytes(Buffer.from(bytes))).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }),
  );
});
