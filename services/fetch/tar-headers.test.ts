/**
 * The tar reader against tar-stream, against GNU tar, and against headers written by hand.
 * Longer than 300 lines because all three judge the same walk with the same few tools.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { extract, type Header, pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { openFile, overBuffer, type RandomAccess } from './random-access.js';
import { readTarHeaders, type TarFault, type TarMember } from './tar-headers.js';

const END_MARK_BYTES = 1024;

async function aTar(
  entries: readonly { headers: Partial<Header> & Pick<Header, 'name'>; body?: Buffer }[],
): Promise<Buffer> {
  const packed = pack();
  for (const { headers, body } of entries) packed.entry(headers, body ?? Buffer.alloc(0));
  packed.finalize();
  return buffer(packed);
}

async function walk(source: RandomAccess): Promise<{ members: TarMember[]; faults: TarFault[] }> {
  const members: TarMember[] = [];
  const faults: TarFault[] = [];
  for await (const entry of readTarHeaders(source)) {
    if (entry.kind === 'member') members.push(entry);
    else faults.push(entry);
  }
  return { members, faults };
}

async function threeMembers(): Promise<Buffer> {
  return aTar([
    { headers: { name: 'UniversityA/a.log.gpg' }, body: Buffer.alloc(700, 1) },
    { headers: { name: `UniversityA/${'b'.repeat(120)}é.log.gpg` }, body: Buffer.alloc(512, 2) },
    { headers: { name: 'UniversityA/c.log.gpg' }, body: Buffer.alloc(1, 3) },
  ]);
}

/** A header as ustar has it, for shapes that no writer at hand produces. */
function aHeader(fields: {
  name?: string;
  size?: Buffer | string;
  type?: string;
  magic?: string;
  prefix?: string;
  isSignedSum?: boolean;
  isSparseExtended?: boolean;
}): Buffer {
  const block = Buffer.alloc(512);
  block.write(fields.name ?? 'x', 0, 'utf8');
  const size = fields.size ?? '00000000000\0';
  (typeof size === 'string' ? Buffer.from(size, 'latin1') : size).copy(block, 124);
  block.write(fields.type ?? '0', 156, 'latin1');
  block.write(fields.magic ?? 'ustar\x0000', 257, 'latin1');
  block.write(fields.prefix ?? '', 345, 'utf8');
  if (fields.isSparseExtended) block.writeUInt8(1, 482);
  block.fill(' ', 148, 156);
  const bytes = [...block].map((byte) => (fields.isSignedSum && byte > 127 ? byte - 256 : byte));
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function hasGnuTar(): boolean {
  const answer = spawnSync('tar', ['--version'], { encoding: 'utf8' });
  const isThere = answer.stdout?.includes('GNU tar') ?? false;
  if (!isThere) console.warn('Not run: formats that `tar` writes (they need GNU tar).');
  return isThere;
}

const aPathPart = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 140 })
  .filter((text) => !/[/\0]/.test(text) && Buffer.from(text).toString() === text);

test('members are where tar-stream, as writer and as reader, says they are', async () => {
  const anEntry = fc.record({
    parts: fc.array(aPathPart, { minLength: 1, maxLength: 4 }),
    body: fc.uint8Array({ maxLength: 3000 }),
    isDirectory: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(anEntry, { maxLength: 6 }), async (entries) => {
      const tar = await aTar(
        entries.map(({ parts, body, isDirectory }) =>
          isDirectory
            ? { headers: { name: parts.join('/'), type: 'directory' as const } }
            : { headers: { name: parts.join('/') }, body: Buffer.from(body) },
        ),
      );
      const expected: unknown[] = [];
      for await (const entry of Readable.from([tar]).pipe(extract())) {
        const body = await buffer(entry);
        expected.push([entry.header.name, entry.header.type, body.toString('latin1')]);
      }
      const { members, faults } = await walk(overBuffer(tar));
      expect(faults).toEqual([]);
      expect(
        members.map(({ path, type, offset, bytes }) => [
          path,
          type,
          tar.toString('latin1', offset, offset + bytes),
        ]),
      ).toEqual(expected);
    }),
    { numRuns: 150 },
  );
});

test('a tar cut at any byte gives every member before the cut and names the one that is cut', async () => {
  const tar = await threeMembers();
  const whole = await walk(overBuffer(tar));
  expect(whole.members).toHaveLength(3);
  const boundaries = Array.from({ length: tar.length / 512 + 1 }, (_, block) => block * 512);
  const inside = [1, 100, 511, 513, 1023, 1024 + 187, 1024 + 188, 1024 + 189, 1537, 2049, 3000];
  for (const keptBytes of [...boundaries, ...inside].filter((at) => at <= tar.length)) {
    const { members, faults } = await walk(overBuffer(tar.subarray(0, keptBytes)));
    const complete = whole.members.filter(({ offset, bytes }) => offset + bytes <= keptBytes);
    expect(members, `cut at ${keptBytes}`).toEqual(complete);
    const hit = whole.members.find(
      ({ offset, bytes }) => keptBytes >= offset && keptBytes < offset + bytes,
    );
    if (hit !== undefined) {
      expect(faults).toMatchObject([
        { reason: 'tar-cut', path: hit.path, missingBytes: hit.offset + hit.bytes - keptBytes },
      ]);
    } else if (keptBytes % 512 !== 0) {
      expect(faults, `cut at ${keptBytes}`).toHaveLength(1);
    }
  }
});

test('a tar that ends in a header or in a padding is reported with the bytes that are missing', async () => {
  const tar = await threeMembers();
  const inHeader = await walk(overBuffer(tar.subarray(0, 100)));
  expect(inHeader).toMatchObject({ members: [], faults: [{ offset: 0, missingBytes: 412 }] });
  const inPadding = await walk(overBuffer(tar.subarray(0, 512 + 701)));
  expect(inPadding.members.map(({ path }) => path)).toEqual(['UniversityA/a.log.gpg']);
  expect(inPadding.faults).toMatchObject([{ missingBytes: 323, path: 'UniversityA/a.log.gpg' }]);
});

test('a tar without its end mark is complete, and what follows the mark is not read', async () => {
  const tar = await threeMembers();
  const unmarked = tar.subarray(0, tar.length - END_MARK_BYTES);
  expect(await walk(overBuffer(unmarked))).toMatchObject({ members: { length: 3 }, faults: [] });
  const trailed = Buffer.concat([tar, Buffer.alloc(700, 7)]);
  expect(await walk(overBuffer(trailed))).toMatchObject({ members: { length: 3 }, faults: [] });
});

test('one lone block of zeros between members does not end the tar', async () => {
  const [first, second] = [aHeader({ name: 'a' }), aHeader({ name: 'b' })];
  const { members } = await walk(overBuffer(Buffer.concat([first, Buffer.alloc(512), second])));
  expect(members.map(({ path }) => path)).toEqual(['a', 'b']);
});

test('garbage between members is a fault with its offset, and what was before stays', async () => {
  const garbage = Buffer.concat([aHeader({ name: 'a' }), Buffer.alloc(512, 0x5a), aHeader({})]);
  expect(await walk(overBuffer(garbage))).toMatchObject({
    members: [{ path: 'a' }],
    faults: [{ reason: 'tar-damaged', offset: 512 }],
  });
});

test('a flipped bit in a header is noticed by its checksum', async () => {
  const header = aHeader({ name: 'abc' });
  header.writeUInt8(0x62, 0);
  expect(await walk(overBuffer(header))).toMatchObject({ members: [], faults: { length: 1 } });
});

test('signed checksums of old writers are accepted', async () => {
  const header = aHeader({ name: 'é.log.gpg', magic: '', isSignedSum: true });
  expect(await walk(overBuffer(header))).toMatchObject({
    members: [{ path: 'é.log.gpg' }],
    faults: [],
  });
});

test('base-256 sizes past 8 GiB are read, and a negative one is damage', async () => {
  const size = Buffer.alloc(12);
  size.writeUInt8(0x80, 0);
  size.writeBigUInt64BE(30_000_000_000n, 4);
  const { faults } = await walk(overBuffer(aHeader({ size })));
  expect(faults).toMatchObject([{ reason: 'tar-cut', missingBytes: 30_000_000_000 }]);
  const negative = await walk(overBuffer(aHeader({ size: Buffer.alloc(12, 0xff) })));
  expect(negative.faults).toMatchObject([{ reason: 'tar-damaged' }]);
});

test('the prefix is part of a ustar name, and of a GNU name it is not', async () => {
  const ustar = aHeader({ name: 'a', prefix: 'dir' });
  const gnu = aHeader({ name: 'b', prefix: '14312', magic: 'ustar  \0' });
  const { members } = await walk(overBuffer(Buffer.concat([ustar, gnu])));
  expect(members.map(({ path }) => path)).toEqual(['dir/a', 'b']);
});

test('links, devices and directories have no body, whatever size they claim', async () => {
  const size = '00000001000\0';
  const types = ['1', '2', '3', '4', '5', '6'].map((type) => aHeader({ type, size }));
  const { members, faults } = await walk(overBuffer(Buffer.concat([...types, aHeader({})])));
  expect(faults).toEqual([]);
  expect(members.map(({ type }) => type)).toEqual([
    'link',
    'link',
    'device',
    'device',
    'directory',
    'device',
    'file',
  ]);
});

test('sparse files are passed over with their maps and are not taken for files', async () => {
  const size = '00000001000\0';
  const map = Buffer.alloc(512);
  map.writeUInt8(1, 504);
  const record = Buffer.from('22 GNU.sparse.major=1\n');
  const pax = aHeader({ type: 'x', size: `${record.length.toString(8).padStart(11, '0')}\0` });
  const tar = Buffer.concat([
    ...[aHeader({ type: 'S', size, isSparseExtended: true }), map, Buffer.alloc(512, 0)],
    Buffer.alloc(512, 1),
    ...[pax, record, Buffer.alloc(512 - record.length), aHeader({ size }), Buffer.alloc(512, 1)],
    aHeader({ name: 'after' }),
  ]);
  const { members, faults } = await walk(overBuffer(tar));
  expect(faults).toEqual([]);
  expect(members.map(({ path, type }) => `${path} ${type}`)).toEqual([
    'x other',
    'x other',
    'after file',
  ]);
});

test('a name header of many megabytes is damage and is not read into memory', async () => {
  const size = '00040000000\0';
  const tar = Buffer.concat([aHeader({ type: 'L', size }), Buffer.alloc(0o40000000, 97)]);
  const { faults } = await walk(overBuffer(tar));
  expect(faults).toMatchObject([{ reason: 'tar-damaged', offset: 0 }]);
});

test('a global pax header counts for all members and a local one for the next only', async () => {
  const record = (text: string) => {
    const length = ` ${text}\n`.length;
    const digits = String(length + String(length).length).length;
    return Buffer.from(`${length + digits} ${text}\n`);
  };
  const extended = (type: string, text: string) => {
    const body = record(text);
    const size = `${body.length.toString(8).padStart(11, '0')}\0`;
    return Buffer.concat([aHeader({ type, size }), body, Buffer.alloc(512 - body.length)]);
  };
  const tar = Buffer.concat([
    extended('g', 'path=global'),
    extended('x', 'path=local'),
    aHeader({}),
    aHeader({}),
    extended('x', 'size=512'),
    aHeader({}),
    Buffer.alloc(512, 1),
    aHeader({}),
  ]);
  const { members, faults } = await walk(overBuffer(tar));
  expect(faults).toEqual([]);
  expect(members.map(({ path, bytes }) => [path, bytes])).toEqual([
    ['local', 0],
    ['global', 0],
    ['global', 512],
    ['global', 0],
  ]);
});

test('pax records that do not add up are damage, not another name', async () => {
  const body = Buffer.from('99 path=x\n');
  const size = `${body.length.toString(8).padStart(11, '0')}\0`;
  const tar = [aHeader({ type: 'x', size }), body, Buffer.alloc(512 - body.length), aHeader({})];
  expect(await walk(overBuffer(Buffer.concat(tar)))).toMatchObject({
    members: [],
    faults: [{ reason: 'tar-damaged', offset: 0 }],
  });
});

test.skipIf(!hasGnuTar()).each(['gnu', 'pax', 'ustar', 'v7', 'oldgnu'])(
  'what `tar --format=%s` writes is listed as `tar -t` lists it',
  async (format) => {
    const folder = mkdtempSync(join(tmpdir(), 'edxstream-tar-'));
    try {
      const long = format === 'v7' ? 'short' : `${'d'.repeat(90)}/${'e'.repeat(90)}`;
      const veryLong = `${'f'.repeat(200)}/${'ü'.repeat(100)}`;
      const paths = ['prod-edxapp-003/2013-10-22_U.log.gpg', `${long}/x.log.gpg`];
      if (format === 'gnu' || format === 'pax') paths.push(`${veryLong}/y.log.gpg`);
      for (const [index, path] of paths.entries()) {
        mkdirSync(join(folder, 'in', path, '..'), { recursive: true });
        writeFileSync(join(folder, 'in', path), Buffer.alloc(600 * index, 65 + index));
      }
      const file = join(folder, 'x.tar');
      execFileSync('tar', [`--format=${format}`, '-C', join(folder, 'in'), '-cf', file, '.']);
      const listing = execFileSync('tar', ['--quoting-style=literal', '-tf', file], {
        encoding: 'utf8',
      });
      await using source = await openFile(file);
      const { members, faults } = await walk(source);
      expect(faults).toEqual([]);
      expect(members.map(({ path }) => path)).toEqual(listing.trimEnd().split('\n'));
      for (const member of members.filter(({ type }) => type === 'file')) {
        const body = await source.read(member.offset, member.bytes);
        const index = paths.findIndex((path) => member.path.endsWith(path));
        expect(body).toEqual(Buffer.alloc(600 * index, 65 + index));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test('bodies are never read: a tar of large members costs one small read each', async () => {
  const tar = await aTar(
    Array.from({ length: 10 }, (_, index) => ({
      headers: { name: `${index}.log.gpg` },
      body: Buffer.alloc(100_000),
    })),
  );
  let readBytes = 0;
  let reads = 0;
  const inner = overBuffer(tar);
  await walk({
    bytes: tar.length,
    read(offset, lengthBytes) {
      reads += 1;
      readBytes += lengthBytes;
      return inner.read(offset, lengthBytes);
    },
  });
  expect(reads).toBeLessThanOrEqual(11);
  expect(readBytes).toBeLessThanOrEqual(11 * 4096);
});
