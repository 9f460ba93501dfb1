import { expect, test } from 'vitest';
import { EdxstreamError } from '#shared/errors';
import { asEngineError, engineCode } from '#shared/warehouse/engine-errors';

/** An error as the engine's clients make it: a text with a number beside it. */
function engineError(message: string, members: object): Error {
  return Object.assign(new Error(message), members);
}

test('the number of the engine is found wherever its clients put it', () => {
  expect(engineCode(engineError('x', { code: '47' }))).toBe(47);
  expect(engineCode(engineError('x', { code: 'CHDB_QUERY', clickhouseCode: 62 }))).toBe(62);
  expect(engineCode(new Error('Code: 243. DB::Exception: no room'))).toBe(243);
  for (const other of [new Error('socket hang up'), undefined, 'Code: 47.', { code: 'ENOENT' }]) {
    expect(engineCode(other)).toBeUndefined();
  }
});

test('a full disk is told by its own code, whether the engine numbers it or quotes the system', () => {
  const full = [
    engineError('Cannot reserve 1.00 MiB', { code: '243' }),
    engineError('Cannot write to file, errno: 28, strerror: No space left on device', {
      code: '75',
    }),
    new Error('Code: 75. DB::Exception: Cannot write: errno: 28'),
  ];
  for (const error of full) expect(asEngineError(error, 'inserting').code).toBe('DISK_FULL');
  expect(asEngineError(new Error('errno: 280'), 'inserting').code).toBe('WAREHOUSE_FAILED');
});

test('a refused query is usage, anything else is the warehouse, and both keep what was said and done', () => {
  const refused = asEngineError(engineError('Unknown table nowhere', { code: '60' }), 'SELECT 1');
  expect(refused.code).toBe('QUERY_REFUSED');
  expect(refused.message).toContain('Unknown table nowhere');
  expect(refused.message).toContain('SELECT 1');
  expect(asEngineError('gone', 'inserting').code).toBe('WAREHOUSE_FAILED');
});

test('an error that has been told apart already stays as it is', () => {
  const known = new EdxstreamError('DISK_FULL', 'said before');
  expect(asEngineError(known, 'again')).toBe(known);
});
