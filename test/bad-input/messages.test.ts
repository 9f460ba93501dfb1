/**
 * Members that are no sound message: of each nothing is loaded, it is named with a reason, the rest
 * is loaded, and a package that holds it whole puts it right.
 */
import { expect } from 'vitest';
import { type Row, rowsOf } from '../support/edxstream.js';
import { logLines, logPath } from '../support/log-lines.js';
import { learnersFrom, packedBench, test } from '../support/packed-bench.js';

const bench = packedBench('messages.test.ts');

const GOOD = logPath('003', '2013-10-22');
const BAD = logPath('004', '2013-10-22');
const TAR = '2013-10-22-UniversityA-tracking.tar';
/** Enough that the message is longer than its last packet's few bytes. */
const PLAIN = logLines(100, 400);

function flipped(message: Buffer, at: number): Buffer {
  const copy = Buffer.from(message);
  copy[at] = (copy[at] ?? 0) ^ 0x40;
  return copy;
}

const DAMAGES: Record<string, (message: Buffer) => Buffer> = {
  'a flipped byte in the middle': (message) => flipped(message, message.length >> 1),
  'a flipped byte near its end': (message) => flipped(message, message.length - 30),
  'a flipped last byte': (message) => flipped(message, message.length - 1),
  'its second half missing': (message) => message.subarray(0, message.length >> 1),
  'its last byte missing': (message) => message.subarray(0, -1),
  'nothing in it': () => Buffer.alloc(0),
  'no OpenPGP in it': () => Buffer.from(PLAIN),
  'only the packets of the recipients': (message) => message.subarray(0, 540),
};

for (const [what, damage] of Object.entries(DAMAGES)) {
  test(`of a message with ${what} nothing is loaded, and the rest is`, async () => {
    const own = bench();
    const message = await own.packages.encrypt(PLAIN);
    const data = own.freshData();
    const damaged = await own.packages.tar(TAR, {
      [GOOD]: logLines(1, 3),
      [`${BAD}.gpg`]: { stored: damage(message) },
    });
    const run = await own.load(data, [damaged]);
    expect(run.status).toBe(1);
    expect(run.said).toContain(`${BAD}.gpg`);
    expect(await own.learners(data)).toEqual(learnersFrom(1, 3));
    const [failed] = await filesOf(data, 'prod-edxapp-004');
    expect(failed).toMatchObject({ state: 'failed', events: '0' });
    expect(failed?.reason).not.toBe('');
    expect(failed?.detail).not.toBe('');
    // The same tar again: the failed file is tried again, and fails again.
    expect((await own.load(data, [damaged])).status).toBe(1);
    const whole = await own.packages.tar(TAR, {
      [GOOD]: logLines(1, 3),
      [`${BAD}.gpg`]: { stored: message },
    });
    expect((await own.load(data, [whole])).status).toBe(0);
    expect(await own.learners(data)).toEqual([...learnersFrom(1, 3), ...learnersFrom(100, 400)]);
    expect((await filesOf(data, 'prod-edxapp-004'))[0]).toMatchObject({
      state: 'loaded',
      events: '301',
    });
  });
}

test('a changed byte that leaves every line readable is found all the same', async () => {
  // Not compressed, and changed inside a value: nothing but the integrity code can tell.
  const own = bench();
  const plaintext = `${logLines(1, 40)}{"pad": "${'a'.repeat(200_000)}"}\n${logLines(41, 50)}`;
  const message = await own.packages.encrypt(plaintext, ['--compress-algo', 'none']);
  const tar = await own.packages.tar(TAR, {
    [GOOD]: logLines(100, 102),
    [`${BAD}.gpg`]: { stored: flipped(message, message.length >> 1) },
  });
  const data = own.freshData();
  expect((await own.load(data, [tar])).status).toBe(1);
  expect(await own.learners(data)).toEqual(learnersFrom(100, 102));
});

test('a message without integrity code is refused, and read where that is asked for', async () => {
  const own = bench();
  const message = await own.packages.encrypt(PLAIN, ['--rfc2440']);
  const listing = (
    await own.packages.gpg.gpg(['--list-packets', '--ignore-mdc-error'], message)
  ).toString();
  expect(listing).toContain('tag=9');
  const tar = await own.packages.tar(TAR, {
    [GOOD]: logLines(1, 3),
    [`${BAD}.gpg`]: { stored: message },
  });
  const data = own.freshData();
  const run = await own.load(data, [tar]);
  expect(run.status).toBe(1);
  expect(run.said).toContain(`${BAD}.gpg`);
  expect(run.said).toContain('--allow-unprotected');
  expect(await own.learners(data)).toEqual(learnersFrom(1, 3));
  const allowed = await own.load(data, [tar, '--allow-unprotected']);
  expect(allowed.status).toBe(0);
  expect(await own.learners(data)).toEqual([...learnersFrom(1, 3), ...learnersFrom(100, 400)]);
});

test('so is the message of a database file', async () => {
  const own = bench();
  const name = 'UniversityA-CS1-2013_Fall-auth_user-prod-analytics.sql';
  const message = await own.packages.encrypt('id\tusername\n42\tana\n', ['--rfc2440']);
  const zip = await own.packages.zip('universitya-2013-10-27.zip', {
    [`${name}.gpg`]: { stored: message },
  });
  const data = own.freshData();
  const run = await own.load(data, [zip]);
  expect(run.status).toBe(1);
  expect(run.said).toContain('--allow-unprotected');
  expect((await own.load(data, [zip, '--allow-unprotected'])).status).toBe(0);
  expect(await rowsOf(data, 'SELECT username FROM auth_user')).toEqual([{ username: 'ana' }]);
});

test('a damaged later version leaves the earlier one as it is', async () => {
  const own = bench();
  const data = own.freshData();
  const early = await own.packages.tar(TAR, { [GOOD]: logLines(1, 3) });
  await own.load(data, [early]);
  const message = await own.packages.encrypt(logLines(1, 300));
  const late = await own.packages.tar('2013-10-29-UniversityA-tracking.tar', {
    [`${GOOD}.gpg`]: { stored: flipped(message, message.length >> 1) },
    [logPath('003', '2013-10-23')]: logLines(500, 501),
  });
  expect((await own.load(data, [late])).status).toBe(1);
  expect(await own.learners(data)).toEqual([...learnersFrom(1, 3), 'learner500', 'learner501']);
});

interface FileRow extends Row {
  readonly reason: string;
  readonly detail: string;
}

function filesOf(data: string, server: string): Promise<FileRow[]> {
  return rowsOf<FileRow>(
    data,
    `SELECT state, reason, detail, events, lines FROM log_files WHERE server = '${server}'`,
  );
}
