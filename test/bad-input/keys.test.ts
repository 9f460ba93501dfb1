/** Keys that do not fit: what the load says, and that a right key afterwards brings everything. */
import { writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { edxstream } from '../support/edxstream.js';
import { CZAR } from '../support/gpg-packages.js';
import { logLines, logPath } from '../support/log-lines.js';
import { learnersFrom, packedBench, test } from '../support/packed-bench.js';

const bench = packedBench('keys.test.ts');

const FILE = logPath('003', '2013-10-22');
const FOREIGN = logPath('004', '2013-10-22');

test('a wrong passphrase ends the load before it begins; the right one loads', async () => {
  const { packages, freshData, learners } = bound();
  const locked = 'locked@university.example';
  await packages.gpg.makeKey({ userId: locked, passphrase: 'right horse' });
  const key = packages.place('locked.asc');
  const secret = await packages.gpg.exportSecret(locked, {
    passphrase: 'right horse',
    armor: true,
  });
  await writeFile(key, secret);
  const message = await packages.gpg.encrypt(Buffer.from(logLines(1, 3)), [locked]);
  const tar = await packages.tar('2013-10-22-UniversityA-tracking.tar', {
    [`${FILE}.gpg`]: { stored: message },
  });
  const data = freshData();
  const args = ['load', tar, '--key', key, '--data', data];
  const wrong = packages.place('wrong.txt');
  await writeFile(wrong, 'wrong horse\n');
  const refused = await edxstream([...args, '--passphrase-file', wrong]);
  expect(refused.status).toBe(2);
  expect(refused.said).toContain('PASSPHRASE_WRONG');
  expect(refused.said).toContain('locked.asc');
  expect(refused.said).toContain('--passphrase-file');
  expect(refused.said).not.toContain('wrong horse');
  const none = await edxstream(args);
  expect(none.status).toBe(2);
  const right = { EDXSTREAM_PASSPHRASE: 'right horse' };
  const loaded = await edxstream(args, { environment: right });
  expect({ status: loaded.status, said: loaded.said }).toMatchObject({ status: 0 });
  expect(await learners(data)).toEqual(learnersFrom(1, 3));
});

test('a message to other keys is named with the key ids that it wants; the rest is loaded', async () => {
  const { packages, freshData, load, learners } = bound();
  const stranger = 'stranger@elsewhere.example';
  await packages.gpg.makeKey({ userId: stranger });
  const message = await packages.gpg.encrypt(Buffer.from(logLines(50, 59)), [stranger]);
  const listing = await packages.gpg.gpg(['--list-packets'], message);
  const keyId = /keyid ([0-9A-F]{16})/.exec(listing.toString())?.[1] ?? 'no key id';
  const tar = await packages.tar('2013-10-22-UniversityA-tracking.tar', {
    [FILE]: logLines(1, 3),
    [`${FOREIGN}.gpg`]: { stored: message },
  });
  const data = freshData();
  const run = await load(data, [tar]);
  expect(run.status).toBe(1);
  expect(run.said.toUpperCase()).toContain(keyId);
  expect(run.said).toContain(`${FOREIGN}.gpg`);
  expect(await learners(data)).toEqual(learnersFrom(1, 3));
  // The next run has both keys and picks up what was missing.
  const strangerKey = packages.place('stranger.gpg');
  await writeFile(strangerKey, await packages.gpg.exportSecret(stranger));
  const again = await load(data, [tar, '--key', strangerKey]);
  expect(again.status).toBe(0);
  expect(await learners(data)).toEqual([...learnersFrom(1, 3), ...learnersFrom(50, 59)]);
});

test('an expired key works, with a warning that names it', async () => {
  const { packages, freshData, load, learners } = bound();
  const expired = 'expired@university.example';
  const madeAt = '20140101T000000';
  await packages.gpg.makeKey({ userId: expired, expires: '30d', madeAt });
  const message = await packages.gpg.encrypt(
    Buffer.from(logLines(1, 2)),
    [expired],
    ['--faked-system-time', '20140105T000000'],
  );
  const tar = await packages.tar('2013-10-22-UniversityA-tracking.tar', {
    [`${FILE}.gpg`]: { stored: message },
  });
  const key = packages.place('expired.gpg');
  await writeFile(key, await packages.gpg.exportSecret(expired));
  const data = freshData();
  const run = await load(data, [tar, '--key', key]);
  expect(run.status).toBe(0);
  expect(run.said).toMatch(/expired/i);
  expect(await learners(data)).toEqual(learnersFrom(1, 2));
});

test('a file that holds no private key is told apart from one that is missing', async () => {
  const { packages, freshData } = bound();
  const tar = await packages.tar('2013-10-22-UniversityA-tracking.tar', { [FILE]: logLines(1, 2) });
  const publicKey = packages.place('public.asc');
  await writeFile(publicKey, await packages.gpg.gpg(['--armor', '--export', CZAR]));
  const args = ['load', tar, '--data', freshData(), '--key'];
  const noSecret = await edxstream([...args, publicKey]);
  expect(noSecret.status).toBe(2);
  expect(noSecret.said).toContain('public.asc');
  expect(noSecret.said).toContain('--export-secret-keys');
  const absent = await edxstream([...args, packages.place('absent.asc')]);
  expect(absent.status).toBe(2);
  expect(absent.said).toContain('absent.asc');
  const noKey = await edxstream(['load', tar, '--data', freshData()]);
  expect(noKey.status).toBe(2);
  expect(noKey.said).toContain('--key');
});

function bound() {
  const own = bench();
  return {
    packages: own.packages,
    freshData: () => own.freshData(),
    load: own.load.bind(own),
    learners: own.learners.bind(own),
  };
}
