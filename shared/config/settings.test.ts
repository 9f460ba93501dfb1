import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  byteSize,
  listOf,
  onOrOff,
  pathList,
  share,
  wholeNumber,
  workerCount,
} from '#shared/config/setting-types';
import { readSettings, type SettingsTable, settingsInEffect } from '#shared/config/settings';

const TABLE = {
  lineBytesMax: {
    flag: '-l, --line-bytes-max <size>',
    env: 'X_LINE_BYTES_MAX',
    default: '16 MiB',
    type: byteSize({ min: 1, max: 2 ** 30 }),
    about: 'Longest line kept.',
    group: 'Limits',
  },
  passphrase: {
    env: 'X_PASSPHRASE',
    type: z.string().min(3, 'too short').optional(),
    about: 'Opens the key.',
    group: 'Keys',
    isSecret: true,
  },
} as const satisfies SettingsTable;

test('a flag counts before a variable, and a variable before the default', () => {
  const env = { X_LINE_BYTES_MAX: '2 MiB' };
  const read = (flags: object, of: object) =>
    readSettings(TABLE, { flags: { ...flags }, env: { ...of } }).lineBytesMax;
  expect(read({ lineBytesMax: '1 MiB' }, env)).toBe(2 ** 20);
  expect(read({}, env)).toBe(2 ** 21);
  expect(read({}, {})).toBe(2 ** 24);
});

test('a variable that is set to nothing is one that is not set', () => {
  expect(readSettings(TABLE, { flags: {}, env: { X_LINE_BYTES_MAX: '' } }).lineBytesMax).toBe(
    2 ** 24,
  );
});

test('all that is wrong is said at once, and no secret with it', () => {
  const env = { X_LINE_BYTES_MAX: 'much', X_PASSPHRASE: 'pw' };
  expect(() => readSettings(TABLE, { flags: {}, env })).toThrow(
    /2 settings need attention:\n {4}--line-bytes-max \(X_LINE_BYTES_MAX\): .*got "much"\.\n {6}Longest line kept\.\n {4}X_PASSPHRASE: too short\.\n/,
  );
});

test('what is in effect says where it came from and hides secrets', () => {
  const env = { X_PASSPHRASE: 'open sesame' };
  expect(settingsInEffect(TABLE, { flags: { lineBytesMax: '1 MiB' }, env })).toEqual([
    { name: 'lineBytesMax', text: '1 MiB', source: 'flag' },
    { name: 'passphrase', text: '•••', source: 'environment' },
  ]);
});

test.each([
  [byteSize({ min: 0, max: 2 ** 40 }), '500MB', 500_000_000],
  [byteSize({ min: 0, max: 2 ** 40 }), '1.5 GiB', 1.5 * 2 ** 30],
  [byteSize({ min: 0, max: 2 ** 40 }), '4096', 4096],
  [share(), '1%', 0.01],
  [share(), '0.25', 0.25],
  [wholeNumber({ min: 0, max: 9 }), '7', 7],
  [workerCount(), 'all', availableParallelism()],
  [workerCount(), '3', 3],
  [onOrOff(), true, true],
  [onOrOff(), 'no', false],
  [listOf({ separator: ',' }), 'a, b', ['a', 'b']],
  [listOf({ separator: ',' }), ['a,b', 'c'], ['a,b', 'c']],
  [listOf({ separator: ',' }), undefined, []],
  [pathList(), 'a.asc:b.asc', ['a.asc', 'b.asc']],
])('%#: %s is read', (type, text, value) => {
  expect(type.parse(text)).toEqual(value);
});

test.each([
  [byteSize({ min: 10, max: 20 }), '9'],
  [byteSize({ min: 10, max: 20 }), '16 parsecs'],
  [share(), '101%'],
  [share(), '-1'],
  [wholeNumber({ min: 1, max: 9 }), '0'],
  [wholeNumber({ min: 1, max: 9 }), '1e0'],
  [workerCount(), '0'],
  [workerCount(), 'some'],
  [onOrOff(), 'perhaps'],
])('%#: %s is refused, with what was expected', (type, text) => {
  const said = type.safeParse(text).error?.issues[0]?.message;
  expect(said).toMatch(/^expected /);
});
