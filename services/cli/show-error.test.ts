import { expect, test } from 'vitest';
import { EdxstreamError, ERRORS } from '#shared/errors';
import { Interrupted } from './shell.js';
import { showError } from './show-error.js';

test('an error is two lines: what with its code, then what to do', () => {
  const error = new EdxstreamError('KEY_UNREADABLE', 'czar.asc holds no OpenPGP key.');
  const { text, exitStatus } = showError(error, { isDebug: false });
  expect(text).toBe(
    `KEY_UNREADABLE: czar.asc holds no OpenPGP key.\n  ${ERRORS.KEY_UNREADABLE.next}\n`,
  );
  expect(exitStatus).toBe(2);
});

test('what nobody foresaw is a bug, exit status 70', () => {
  const { text, exitStatus } = showError(new TypeError('x is undefined'), { isDebug: false });
  expect(text).toMatch(/^BUG: x is undefined\n {2}This is a defect/);
  expect(exitStatus).toBe(70);
});

test('a stop by a person is 130 and says that the next run continues', () => {
  const { text, exitStatus } = showError(new Interrupted('Ctrl-C'), { isDebug: false });
  expect(text).toBe(
    'INTERRUPTED: Stopped by Ctrl-C.\n  Run the same command again: it continues where this one stopped.\n',
  );
  expect(exitStatus).toBe(130);
});

test('--debug adds the stack and the stacks of the causes', () => {
  const cause = new Error('the disk said no');
  const { text } = showError(new EdxstreamError('DISK_FULL', 'Full.', { cause }), {
    isDebug: true,
  });
  expect(text).toContain('show-error.test');
  expect(text).toContain('Caused by Error: the disk said no');
});
