import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type Header, pack } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { indexPackage } from './index-package.js';

/** A packet header of an encrypted session key, as each message from edX begins. */
const MESSAGE = Buffer.from([0x85, 0x01, 0x0c, 0x03, 1, 2, 3, 4]);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edxstream-index-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, body: Buffer): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, body);
  return path;
}

async function aTar(
  members: readonly (string | (Partial<Header> & Pick<Header, 'name'>))[],
): Promise<Buffer> {
  const packed = pack();
  for (const member of members) {
    if (typeof member === 'string') packed.entry({ name: member }, MESSAGE);
    else packed.entry(member);
  }
  packed.finalize();
  return buffer(packed);
}

async function aZip(members: readonly string[]): Promise<Buffer> {
  const zip = new ZipFile();
  for (const member of members) zip.addBuffer(MESSAGE, member, { compress: false });
  zip.end();
  return buffer(zip.outputStream);
}

test('a tracking tar gives its log files with the place of their bytes', async () => {
  const tar = await aTar([
    { name: 'UniversityA/prod-edxapp-003', type: 'directory' },
    'UniversityA/prod-edxapp-003/2013-10-22_UniversityA.log.gpg',
    'UniversityA/prod-edge-edxapp-001/2013-10-23_UniversityA.log.gpg',
  ]);
  const path = write('2013-10-27-UniversityA-tracking.tar', tar);
  const index = await indexPackage(path);
  expect(index).toMatchObject({
    path,
    bytes: tar.length,
    format: 'tar',
    kind: 'tracking',
    organization: 'UniversityA',
    packageDate: '2013-10-27',
    databaseFiles: [],
    unrecognised: [],
    faults: [],
    logFiles: [
      { site: 'prod', server: 'prod-edxapp-003', logDate: '2013-10-22' },
      { site: 'edge', server: 'prod-edge-edxapp-001', logDate: '2013-10-23' },
    ],
  });
  for (const { location } of index.logFiles) {
    const { offset, bytes } = location;
    expect(readFileSync(location.path).subarray(offset, offset + bytes)).toEqual(MESSAGE);
  }
});

test('a database zip gives its database files, with and without a folder', async () => {
  const path = write(
    'harvardx-2013-09-08.zip',
    await aZip([
      'harvardx-2013-09-08/HarvardX-CS50-2013-auth_user-prod-analytics.sql.gpg',
      'harvardx-2013-09-08/ora/HarvardX-CS50-2013-submissions_score-prod-analytics.sql.gpg',
      'HarvardX-CS50-2013-prod.mongo.gpg',
      'HarvardX-CS50-2013-wiki_article-prod-analytics.sql.failed.gpg',
      'HarvardX-email_opt_in-prod-analytics.csv.gpg',
      'README.txt',
    ]),
  );
  const index = await indexPackage(path);
  expect(index).toMatchObject({
    format: 'zip',
    kind: 'database',
    organization: 'harvardx',
    packageDate: '2013-09-08',
    faults: [],
    unrecognised: [{ path: 'README.txt', reason: 'name-unknown' }],
  });
  expect(index.databaseFiles.map(({ table, isFailed }) => [table, isFailed])).toEqual([
    ['auth_user', false],
    ['submissions_score', false],
    ['forum_post', false],
    ['wiki_article', true],
    ['email_opt_in', false],
  ]);
});

test('what a package is, is seen from its content, and its date from its folder or its days', async () => {
  const tar = await aTar(['prod-edxapp-003/2013-10-22_X.log.gpg', 'h7/2013-10-24_X.log.gpg']);
  expect(await indexPackage(write('renamed.zip', tar))).toMatchObject({
    format: 'tar',
    kind: 'tracking',
    organization: 'X',
    packageDate: '2013-10-24',
  });
  const zip = await aZip(['x-2013-10-27/X-C-R-auth_user-prod-analytics.sql.gpg']);
  expect(await indexPackage(write('download', zip))).toMatchObject({
    format: 'zip',
    kind: 'database',
    organization: 'x',
    packageDate: '2013-10-27',
  });
});

test('a tar may hold database files and a zip log files', async () => {
  const members = ['prod-edxapp-003/2013-10-22_X.log.gpg', 'X-C-R-auth_user-prod-analytics.sql'];
  for (const body of [await aTar(members), await aZip(members)]) {
    const index = await indexPackage(write('both', body));
    expect(index.logFiles).toHaveLength(1);
    expect(index.databaseFiles).toHaveLength(1);
  }
});

test('of a member that stands twice in a tar the later one is used, and it is said', async () => {
  const member = 'prod-edxapp-003/2013-10-22_X.log.gpg';
  const index = await indexPackage(write('x.tar', await aTar([member, `./${member}`])));
  expect(index.logFiles.map(({ path }) => path)).toEqual([`./${member}`]);
  expect(index.unrecognised).toMatchObject([{ path: member, reason: 'repeated' }]);
});

test('links are reported, not followed', async () => {
  const link = { name: 'X.log.gpg', type: 'symlink' as const, linkname: '/etc/passwd' };
  const index = await indexPackage(write('x.tar', await aTar([link])));
  expect(index.unrecognised).toMatchObject([{ path: 'X.log.gpg', reason: 'not-a-file' }]);
});

test('a single log file is a package of one, with the server from its directory', async () => {
  const path = write('prod-edge-edxapp-001/2013-10-22_UniversityA.log.gpg', MESSAGE);
  expect(await indexPackage(path)).toMatchObject({
    format: 'message',
    kind: 'tracking',
    organization: 'UniversityA',
    packageDate: '2013-10-22',
    logFiles: [
      {
        path: 'prod-edge-edxapp-001/2013-10-22_UniversityA.log.gpg',
        site: 'edge',
        server: 'prod-edge-edxapp-001',
        location: { path, offset: 0, bytes: MESSAGE.length },
      },
    ],
  });
});

test('a single log file in a folder of somebody is the same log file in any other folder', async () => {
  const inDownloads = await indexPackage(write('downloads/2013-10-22_X.log.gpg', MESSAGE));
  const onDesktop = await indexPackage(write('desktop/2013-10-22_X.log.gpg', MESSAGE));
  expect(inDownloads.logFiles).toMatchObject([{ server: '', path: '2013-10-22_X.log.gpg' }]);
  expect(onDesktop.logFiles).toMatchObject([{ server: '', path: '2013-10-22_X.log.gpg' }]);
});

test('an empty file under a good name is listed, because decrypting it tells what is wrong', async () => {
  const index = await indexPackage(write('2013-10-22_X.log.gpg', Buffer.alloc(0)));
  expect(index.logFiles).toMatchObject([{ location: { bytes: 0 } }]);
});

test('a file that is no package is a fault that says what it is and what to do', async () => {
  const gzip = await indexPackage(write('x-tracking.tar.gz', Buffer.from([0x1f, 0x8b, 8, 0])));
  expect(gzip).toMatchObject({ format: 'unknown', kind: 'unknown', logFiles: [] });
  expect(gzip.faults).toMatchObject([{ reason: 'not-a-package' }]);
  expect(gzip.faults[0]?.detail).toContain('gunzip');
  const stranger = await indexPackage(write('secret.gpg', MESSAGE));
  expect(stranger.faults).toMatchObject([{ reason: 'not-a-package' }]);
});

test('a tar that is cut inside a member gives the others and names the cut one', async () => {
  const tar = await aTar(['h1/2013-10-22_X.log.gpg', 'h2/2013-10-22_X.log.gpg']);
  const index = await indexPackage(write('2013-10-27-X-tracking.tar', tar.subarray(0, 1540)));
  expect(index.logFiles).toMatchObject([{ server: 'h1' }]);
  expect(index.faults).toMatchObject([{ reason: 'tar-cut', path: 'h2/2013-10-22_X.log.gpg' }]);
});

test('a zip whose directory is gone is a fault with its name', async () => {
  const zip = await aZip(['x-2013-10-27/X-C-R-auth_user-prod-analytics.sql.gpg']);
  const path = write('x-2013-10-27.zip', zip.subarray(0, zip.length - 30));
  const index = await indexPackage(path);
  expect(index).toMatchObject({ kind: 'database', faults: [{ reason: 'zip-damaged' }] });
  expect(index.faults[0]?.detail).toContain(path);
});
