import { expect, test } from 'vitest';
import { isoTime, TimeRebaser } from './rebase-time.js';

const NOW_US = Date.UTC(2026, 10, 22, 8, 30) * 1000 + 42;
const NOW = '2026-11-22T08:30:00.000042+00:00';

function rebased(line: string | Buffer): string {
  const raw = typeof line === 'string' ? Buffer.from(line) : line;
  const jsonAt = raw.indexOf('{');
  return new TimeRebaser().rebase(raw, jsonAt, NOW_US).toString('latin1');
}

test.each([
  ['a text', '{"time": "2013-10-22T10:00:00", "a": 1}', `{"time": "${NOW}", "a": 1}`],
  ['a text with escapes', '{"time":"2013-10-22T10\\u003a00:00"}', `{"time":"${NOW}"}`],
  ['a text that is no time', '{"time": "noon"}', `{"time": "${NOW}"}`],
  ['seconds', '{"time": 1382436000}', `{"time": ${Math.floor(NOW_US / 1e6)}}`],
  ['seconds with a fraction', '{"time": 1382436000.5}', `{"time": ${(NOW_US / 1e6).toFixed(6)}}`],
  ['milliseconds', '{"time": 1382436000000}', `{"time": ${NOW_US / 1000 - 0.042}}`],
  ['microseconds', '{"time": 1382436000000000}', `{"time": ${NOW_US}}`],
])('%s is written anew in its own form', (_, before, after) => {
  expect(rebased(before)).toBe(after);
});

test.each([
  '{"a": 1}',
  '{"time": null}',
  '{"time": {"time": "2013-10-22T10:00:00"}}',
  '{"context": {"time": "2013-10-22T10:00:00"}}',
  '{"event": "{\\"time\\": \\"2013-10-22T10:00:00\\"}"}',
])('%s has no time of its own and stays as it is', (line) => {
  expect(rebased(line)).toBe(line);
});

test('what stands before and after the object, and bytes that are no UTF-8, stay as they are', () => {
  const head = Buffer.from([0x4f, 0x63, 0x74, 0xff, 0x20]);
  const line = Buffer.concat([head, Buffer.from('{"a": "\u00ff", "time": "x"} \r')]);
  expect(rebased(line)).toBe(
    Buffer.concat([head, Buffer.from(`{"a": "\u00ff", "time": "${NOW}"} \r`)]).toString('latin1'),
  );
});

test('a time has six digits of a second, as edX writes them', () => {
  expect(isoTime(1_382_436_000_000_000)).toBe('2013-10-22T10:00:00.000000+00:00');
});
