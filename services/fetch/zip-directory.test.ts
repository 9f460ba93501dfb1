import { buffer } from 'node:stream/consumers';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { overBuffer } from './random-access.js';
import { readZipDirectory } from './zip-directory.js';

interface ZipPart {
  readonly name: string;
  readonly body: Buffer;
  readonly isCompressed?: boolean;
}

async function aZip(parts: readonly ZipPart[], forceZip64Format = false): Promise<Buffer> {
  const zip = new ZipFile();
  for (const { name, body, isCompressed: compress = false } of parts) {
    zip.addBuffer(body, name, { compress, forceZip64Format });
  }
  zip.end({ forceZip64Format, comment: '' });
  return buffer(zip.outputStream);
}

const twoParts: readonly ZipPart[] = [
  { name: 'universitya-2013-10-27/a.sql.gpg', body: Buffer.from('first message') },
  { name: 'universitya-2013-10-27/b.sql.gpg', body: Buffer.from('second message') },
];

/** Overwrites a field of the directory entry of the member at `index`. */
function patchEntry(zip: Buffer, index: number, write: (entry: Buffer) => void): Buffer {
  const patched = Buffer.from(zip);
  let at = patched.indexOf('PK\x01\x02');
  for (let skipped = 0; skipped < index; skipped += 1) at = patched.indexOf('PK\x01\x02', at + 4);
  write(patched.subarray(at));
  return patched;
}

test('stored and deflated members are where their bytes are', async () => {
  const body = fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes));
  const name = fc.stringMatching(/^[a-zA-Z0-9._é-]{1,40}$/).filter((text) => text !== '..');
  const part = fc.record({ name, body, isCompressed: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(part, { maxLength: 6, selector: (one) => one.name }),
      fc.boolean(),
      async (parts, isZip64) => {
        const zip = await aZip(parts, isZip64);
        const { members, faults } = await readZipDirectory(overBuffer(zip));
        expect(faults).toEqual([]);
        expect(
          members.map(({ path, offset, bytes, compression }) => [
            path,
            compression,
            zip.subarray(offset, offset + bytes).toString('hex'),
          ]),
        ).toEqual(
          parts.map((one) => [
            one.name,
            one.isCompressed ? 'deflate' : 'none',
            (one.isCompressed ? deflateRawSync(one.body) : one.body).toString('hex'),
          ]),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('a zip64 directory is read', async () => {
  const { members, faults } = await readZipDirectory(overBuffer(await aZip(twoParts, true)));
  expect(faults).toEqual([]);
  expect(members.map(({ bytes }) => bytes)).toEqual([13, 14]);
});

test('a zip that is cut anywhere is a fault that says to download it again', async () => {
  const zip = await aZip(twoParts);
  for (let keptBytes = 0; keptBytes < zip.length; keptBytes += 1) {
    const { members, faults } = await readZipDirectory(overBuffer(zip.subarray(0, keptBytes)));
    expect(members).toEqual([]);
    expect(faults).toMatchObject([{ reason: 'zip-damaged' }]);
    expect(faults[0]?.detail).toContain('Download the zip again.');
  }
});

test('a directory damaged at its second entry still gives the first member', async () => {
  const zip = patchEntry(await aZip(twoParts), 1, (entry) => entry.write('XX', 0));
  const { members, faults } = await readZipDirectory(overBuffer(zip));
  expect(members.map(({ path }) => path)).toEqual(['universitya-2013-10-27/a.sql.gpg']);
  expect(faults).toMatchObject([{ reason: 'zip-damaged' }]);
  expect(faults[0]?.detail).toContain('1 of 2 members');
});

test('any one byte of a zip may be wrong: nothing throws and no range leaves the file', async () => {
  const zip = await aZip(twoParts, true);
  for (let at = 0; at < zip.length; at += 1) {
    for (const value of [0x00, 0xff]) {
      const broken = Buffer.from(zip);
      broken.writeUInt8(value, at);
      const { members } = await readZipDirectory(overBuffer(broken));
      for (const { offset, bytes } of members) {
        expect(offset + bytes).toBeLessThanOrEqual(broken.length);
      }
    }
  }
});

test.each([
  ['../../../../etc/cron.d/aaaaaaaaa', 'leads out of the package'],
  ['universitya-2013/../../b.sql.gpg', 'leads out of the package'],
  ['..\\..\\aaaaaaaaaaaaaaaaaaaaaaaaaa', 'leads out of the package'],
  ['/etc/cron.d/aaaaaaaaaaaaaaaaaaaa', 'absolute path'],
  ['C:\\windows\\aaaaaaaaaaaaaaaaaaaaa', 'absolute path'],
])('a member named %s is refused and the other one is used', async (name, why) => {
  const safe = name.replaceAll(/[^a-z]/g, 'x');
  const parts = [{ name: safe, body: Buffer.from('evil') }, ...twoParts.slice(1)];
  const zip = patchEntry(await aZip(parts), 0, (entry) => entry.write(name, 46, 'latin1'));
  const { members, faults } = await readZipDirectory(overBuffer(zip));
  expect(members.map(({ path }) => path)).toEqual(['universitya-2013-10-27/b.sql.gpg']);
  expect(faults).toMatchObject([{ reason: 'member-refused' }]);
  expect(faults[0]?.detail).toContain(why);
});

test('a bomb is refused by the size it declares', async () => {
  const bomb = { name: 'bomb.sql.gpg', body: Buffer.alloc(1_000_000), isCompressed: true };
  const { members, faults } = await readZipDirectory(overBuffer(await aZip([bomb, ...twoParts])));
  expect(members).toHaveLength(2);
  expect(faults).toMatchObject([{ reason: 'member-refused', path: 'bomb.sql.gpg' }]);
});

test('of two members that share bytes the second is refused', async () => {
  const zip = patchEntry(await aZip(twoParts), 1, (entry) => entry.writeUInt32LE(0, 42));
  const { members, faults } = await readZipDirectory(overBuffer(zip));
  expect(members.map(({ path }) => path)).toEqual(['universitya-2013-10-27/a.sql.gpg']);
  expect(faults).toMatchObject([
    { reason: 'member-refused', path: 'universitya-2013-10-27/b.sql.gpg' },
  ]);
});

test.each([
  ['encrypted by the zip', (entry: Buffer) => entry.writeUInt16LE(1, 8), 'encrypted by the zip'],
  ['compressed by method 12', (entry: Buffer) => entry.writeUInt16LE(12, 10), 'method 12'],
  ['stored under another size', (entry: Buffer) => entry.writeUInt32LE(99, 24), 'stored, but'],
])('a member that is %s is refused and the other one is used', async (_, write, why) => {
  const zip = patchEntry(await aZip(twoParts), 0, (entry) => {
    write(entry);
  });
  const { members, faults } = await readZipDirectory(overBuffer(zip));
  expect(members.map(({ path }) => path)).toEqual(['universitya-2013-10-27/b.sql.gpg']);
  expect(faults).toMatchObject([{ reason: 'member-refused' }]);
  expect(faults[0]?.detail).toContain(why);
});

test('a member whose local header is gone is a fault and the other one is used', async () => {
  const zip = await aZip(twoParts);
  zip.write('XX', 0);
  const { members, faults } = await readZipDirectory(overBuffer(zip));
  expect(members.map(({ path }) => path)).toEqual(['universitya-2013-10-27/b.sql.gpg']);
  expect(faults).toMatchObject([{ reason: 'zip-damaged', path: twoParts[0]?.name }]);
});
