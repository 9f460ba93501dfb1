import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { findPackages } from './find-packages.js';

const MESSAGE = Buffer.from([0x85, 0x01, 0x0c, 0x03]);

let folder = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'edxstream-find-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, body: Buffer | string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, body);
  return path;
}

async function aTar(): Promise<Buffer> {
  const packed = pack();
  packed.entry({ name: 'a' }, 'a');
  packed.finalize();
  return buffer(packed);
}

async function aZip(): Promise<Buffer> {
  const zip = new ZipFile();
  zip.addBuffer(MESSAGE, 'a');
  zip.end();
  return buffer(zip.outputStream);
}

async function names(paths: readonly string[], except: readonly string[] = []) {
  const { packages, skipped } = await findPackages(paths, { except });
  return {
    packages: packages.map(({ path, format }) => `${format} ${relative(folder, path)}`),
    skipped: skipped.map(({ path }) => relative(folder, path)),
  };
}

test('a directory is searched to the bottom, by content, and what is no package is named', async () => {
  write('week-1/2013-10-27-X-tracking.tar', await aTar());
  write('week-1/x-2013-10-27.zip', await aZip());
  write('week-2/deep/renamed', await aTar());
  write('loose/prod-edxapp-003/2013-10-22_X.log.gpg', MESSAGE);
  write('loose/X-C-R-auth_user-prod-analytics.sql.gpg', MESSAGE);
  write('notes.txt', 'Ask the data czar.');
  write('week-1/empty.tar', '');
  write('.hidden/2013-10-27-X-tracking.tar', await aTar());
  expect(await names([folder])).toEqual({
    packages: [
      'message loose/X-C-R-auth_user-prod-analytics.sql.gpg',
      'message loose/prod-edxapp-003/2013-10-22_X.log.gpg',
      'tar week-1/2013-10-27-X-tracking.tar',
      'zip week-1/x-2013-10-27.zip',
      'tar week-2/deep/renamed',
    ],
    skipped: ['notes.txt', 'week-1/empty.tar'],
  });
});

test('a file that is no package is a fault only where it was named', async () => {
  const path = write('notes.txt', 'Ask the data czar.');
  expect((await findPackages([path])).skipped).toMatchObject([{ path, isExplicit: true }]);
  expect((await findPackages([folder])).skipped).toMatchObject([{ path, isExplicit: false }]);
});

test('a key that lies beside the packages is told from a message', async () => {
  write('key.asc', '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nxxxx');
  write('2013-10-22_X.log.gpg', '-----BEGIN PGP MESSAGE-----\n\nxxxx');
  const { packages, skipped } = await findPackages([folder]);
  expect(packages).toMatchObject([{ format: 'message' }]);
  expect(skipped[0]?.reason).toContain('--key');
});

test('a path that does not exist is INPUT_NOT_FOUND and is named', async () => {
  const missing = join(folder, 'nowhere');
  await expect(findPackages([missing])).rejects.toMatchObject({
    code: 'INPUT_NOT_FOUND',
    message: expect.stringContaining(missing),
  });
});

test('a file that is given twice, or also lies in a directory that is given, is found once', async () => {
  const path = write('a.tar', await aTar());
  expect((await names([path, folder, path])).packages).toEqual(['tar a.tar']);
});

test('links in a directory are not followed, and said; a link that is named is', async () => {
  const outside = mkdtempSync(join(tmpdir(), 'edxstream-outside-'));
  try {
    writeFileSync(join(outside, 'a.tar'), await aTar());
    symlinkSync(outside, join(folder, 'link'));
    symlinkSync(folder, join(folder, 'loop'));
    expect(await names([folder])).toEqual({ packages: [], skipped: ['link', 'loop'] });
    expect((await names([join(folder, 'link')])).packages).toEqual(['tar link/a.tar']);
  } finally {
    rmSync(outside, { recursive: true });
  }
});

test('the data directory of the warehouse is not searched', async () => {
  write('edxstream-data/store/part.tar', await aTar());
  write('a.tar', await aTar());
  const except = [join(folder, 'edxstream-data'), join(folder, 'not-made-yet')];
  expect((await names([folder], except)).packages).toEqual(['tar a.tar']);
});

test('a damaged message under a good name is taken, plain text beside it is not', async () => {
  write('2013-10-22_X.log.gpg', 'truncated to nonsense');
  write('2013-10-23_X.log', '{"plain": "decrypted by hand"}');
  expect(await names([folder])).toEqual({
    packages: ['message 2013-10-22_X.log.gpg'],
    skipped: ['2013-10-23_X.log'],
  });
});

const isRoot = process.getuid?.() === 0;
if (isRoot) console.warn('Not run: a file that may not be read (root may read all).');

test.skipIf(isRoot)('what may not be read is named, not fatal', async () => {
  chmodSync(write('a.tar', await aTar()), 0);
  write('b.tar', await aTar());
  expect(await names([folder])).toEqual({ packages: ['tar b.tar'], skipped: ['a.tar'] });
});
