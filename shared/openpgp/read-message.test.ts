import { createHash, randomBytes } from 'node:crypto';
import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type LengthForm,
  literal,
  memberOf,
  packet,
  protectedPacket,
} from '#shared/testing/openpgp-bytes';
import { TemporaryGpgHome } from '#shared/testing/temporary-gpg-home';
import type { KeyRing } from './key-ring.js';
import { openKeyRing } from './open-key-ring.js';
import { type OpenMessageOptions, openMessage, PlaintextFault } from './read-message.js';

const CZAR = 'czar@uni.example';
const MASTER = 'master@edx.example';

let home: TemporaryGpgHome;
let keys: KeyRing;
let masterKeys: KeyRing;
/** Packets with a session key for the czar, to put encrypted packets of our own behind. */
let session: { readonly packets: Buffer; readonly key: Buffer };

beforeAll(async () => {
  home = await TemporaryGpgHome.create();
  await home.makeKey({ userId: CZAR });
  await home.makeKey({ userId: MASTER });
  keys = await ringOf(CZAR);
  masterKeys = await ringOf(MASTER);
  session = await home.sessionKeyFor(CZAR);
}, 120_000);

afterAll(async () => {
  await home[Symbol.asyncDispose]();
});

test('each of two recipients reads the message, and the warnings are none', async () => {
  const message = await home.encrypt(logLines(3000), [MASTER, CZAR]);
  for (const ring of [keys, masterKeys]) {
    const outcome = await openMessage(memberOf(message), { keys: ring });
    expect(outcome).toMatchObject({ kind: 'keep', value: { warnings: [] } });
    expectSame(await read(message, { keys: ring }), logLines(3000));
  }
});

test('hidden recipients are found by trying every key', async () => {
  const both = { keys: [...masterKeys.keys, ...keys.keys] };
  const hidden = ['--hidden-recipient', MASTER, '--hidden-recipient', CZAR];
  const message = await home.encrypt(logLines(100), [], hidden);
  for (const ring of [keys, masterKeys, both]) {
    expectSame(await read(message, { keys: ring }), logLines(100));
  }
});

test.each([
  ...['zip', 'zlib', 'bzip2'].flatMap((algorithm) =>
    ['1', '6', '9'].map((level) => ['--compress-algo', algorithm, '-z', level]),
  ),
  ['--compress-algo', 'none'],
  ...['AES', 'AES192', 'AES256', '3DES', 'CAST5', 'BLOWFISH', 'TWOFISH'].map((cipher) => [
    '--cipher-algo',
    cipher,
  ]),
  ['--rfc4880'],
  ['--set-filename', 'x'.repeat(200)],
])('a message written by gpg with %s %s %s %s is read', async (...options) => {
  const content = logLines(4000);
  const message = await home.encrypt(content, [CZAR], options.filter(Boolean));
  expectSame(await read(message), content);
  expectSame(await read(message, { heldBytesMax: 0 }), content);
});

test('a signed message is read, its signature passed over', async () => {
  const message = await home.encrypt(logLines(10), [CZAR], ['--sign', '-u', MASTER]);
  expectSame(await read(message), logLines(10));
  const unpacked = await home.encrypt(logLines(10), [CZAR], ['--sign', '-u', CZAR, '-z', '0']);
  expectSame(await read(unpacked), logLines(10));
});

test('armor is taken off, also with text around it and CR LF', async () => {
  const message = await home.encrypt(logLines(500), [CZAR], ['--armor', '--comment', 'yes: no']);
  const windows = Buffer.from(
    `\uFEFFHello,\r\n\r\n${message.toString().replaceAll('\n', '\r\n')}Bye!\r\n`,
  );
  for (const bytes of [message, windows]) {
    expectSame(await read(bytes), logLines(500));
    expectSame(await read(bytes, {}, [1]), logLines(500));
  }
});

test('a message of text (--textmode) has the line ends that it had', async () => {
  const content = Buffer.from('a\n\nb\nno end');
  expectSame(await read(await home.encrypt(content, [CZAR], ['--textmode'])), content);
  const lone = literal(Buffer.from('a\r\nb\rc\r'), 'new', 't');
  expectSame(await read(built(lone)), Buffer.from('a\nb\rc\r'));
});

test.each([0, 1, 21, 22, 23, 8190, 8192, 262_143, 262_144, 5_000_000])(
  'content of %i bytes that do not compress is read',
  async (count) => {
    const content = randomBytes(count);
    for (const options of [[], ['-z', '0']]) {
      expectSame(await read(await home.encrypt(content, [CZAR], options)), content);
    }
  },
);

test('a large message is read alike whether its blocks are held or not, twice', async () => {
  const content = logLines(150_000);
  const message = await home.encrypt(content, [MASTER, CZAR]);
  const digest = createHash('md5').update(content).digest('hex');
  for (const heldBytesMax of [0, 1 << 20, 64 << 20]) {
    const outcome = await openMessage(memberOf(message), { keys, heldBytesMax });
    if (outcome.kind !== 'keep') throw new Error(JSON.stringify(outcome));
    for (const _ of ['first', 'second']) {
      const hash = createHash('md5');
      let smallCount = 0;
      for await (const chunk of outcome.value.plaintext()) {
        hash.update(chunk);
        if (chunk.length < 256 << 10) smallCount += 1;
        chunk.fill(0);
      }
      expect(hash.digest('hex')).toBe(digest);
      expect(smallCount).toBeLessThan(content.length / (512 << 10));
    }
  }
});

const FORMS: readonly LengthForm[] = [
  'old',
  'new',
  'to-the-end',
  ...[0, 1, 5, 9, 12, 13, 16, 20].map((partLog2) => ({ partLog2 })),
];

test.each(FORMS)('packets with lengths of form %j are read, at every level', async (form) => {
  const content = logLines(2000);
  const encryptedForm = form === 'old' || form === 'to-the-end' ? 'new' : form;
  const zip = Buffer.concat([Buffer.of(1), deflateRawSync(literal(content, form))]);
  for (const packets of [literal(content, form), packet(8, zip, form)]) {
    const message = built(packets, encryptedForm);
    for (const chunkSizes of [[1 << 20], [1000], [3, 8192]]) {
      expectSame(await read(message, {}, chunkSizes), content);
      expectSame(await read(message, { heldBytesMax: 0 }, chunkSizes), content);
    }
  }
});

test('chunks of the source may have their edges anywhere', async () => {
  const content = logLines(20);
  const messages = [
    await home.encrypt(content, [MASTER, CZAR]),
    built(literal(content, { partLog2: 4 }), { partLog2: 3 }),
  ];
  for (const message of messages) {
    for (let edge = 1; edge < message.length; edge += 1) {
      expectSame(await read(message, {}, [edge, 1 << 20]), content);
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        async (sizes) => {
          expectSame(await read(message, {}, sizes), content);
        },
      ),
      { numRuns: 20 },
    );
  }
});

test('gzip inside is unzipped, several members as one, unless told otherwise', async () => {
  const [a, b] = [logLines(3000), logLines(10)];
  const zipped = Buffer.concat([gzipSync(a), gzipSync(b)]);
  const message = await home.encrypt(zipped, [CZAR]);
  expectSame(await read(message), Buffer.concat([a, b]));
  expectSame(await read(message, { gunzip: 'never' }), zipped);
});

test('gzip that ends early or is damaged is a fault, after the plaintext before it', async () => {
  const zipped = gzipSync(logLines(3000));
  const cut = built(literal(zipped.subarray(0, -9)));
  await expect(read(cut)).rejects.toMatchObject({ reason: 'truncated' });
  zipped.fill(0xff, 2000, 2100);
  await expect(read(built(literal(zipped)))).rejects.toMatchObject({ reason: 'damaged' });
});

test('content that does not unpack although its integrity held is a fault with its name', async () => {
  const zip = deflateRawSync(literal(logLines(3000)));
  const cases: readonly [Buffer, string][] = [
    [packet(8, Buffer.concat([Buffer.of(1), zip.subarray(0, -5)]), 'to-the-end'), 'truncated'],
    [packet(8, Buffer.concat([Buffer.of(1), Buffer.alloc(50, 0xff)])), 'damaged'],
    [packet(8, Buffer.concat([Buffer.of(3), Buffer.alloc(50, 0xff)])), 'damaged'],
    [packet(8, Buffer.of(9, 1, 2, 3)), 'unsupported'],
    [packet(8, Buffer.alloc(0)), 'truncated'],
    [literal(logLines(30)).subarray(0, -5), 'truncated'],
    [Buffer.concat([literal(logLines(1)), literal(logLines(1))]), 'damaged'],
    [packet(11, Buffer.from('b')), 'truncated'],
    [packet(6, logLines(1)), 'damaged'],
    [Buffer.from('no packet'), 'damaged'],
    [Buffer.alloc(0), 'damaged'],
  ];
  for (const [packets, reason] of cases) {
    const reading = read(built(packets));
    await expect(reading).rejects.toBeInstanceOf(PlaintextFault);
    await expect(reading).rejects.toMatchObject({
      reason,
      message: expect.stringContaining('2013-10-22_UniversityA.log.gpg'),
    });
  }
});

test('an abort ends a reading', async () => {
  const message = await home.encrypt(logLines(20_000), [CZAR]);
  const signal = AbortSignal.abort();
  await expect(openMessage(memberOf(message), { keys, signal })).rejects.toThrow('abort');
  const outcome = await openMessage(memberOf(message), { keys });
  if (outcome.kind !== 'keep') throw new Error(JSON.stringify(outcome));
  await expect(outcome.value.plaintext(signal)[Symbol.asyncIterator]().next()).rejects.toThrow();
});

test('a reading that is left early lets go of its source', async () => {
  const message = await home.encrypt(randomBytes(3_000_000), [CZAR]);
  const member = memberOf(message, [10_000]);
  let [openCount, closeCount] = [0, 0];
  const counted = {
    ...member,
    async *open() {
      openCount += 1;
      try {
        yield* member.open();
      } finally {
        closeCount += 1;
      }
    },
  };
  const outcome = await openMessage(counted, { keys, heldBytesMax: 0 });
  if (outcome.kind !== 'keep') throw new Error(JSON.stringify(outcome));
  for await (const _ of outcome.value.plaintext()) break;
  expect([openCount, closeCount]).toEqual([2, 2]);
});

/** Vitest compares buffers byte by byte through its deep equality: seconds for a megabyte. */
function expectSame(actual: Buffer, expected: Buffer): void {
  expect({ bytes: actual.length, isSame: actual.equals(expected) }).toEqual({
    bytes: expected.length,
    isSame: true,
  });
}

function built(packets: Buffer, form: LengthForm = 'new'): Buffer {
  return Buffer.concat([session.packets, protectedPacket(session.key, packets, form)]);
}

function logLines(count: number): Buffer {
  const lines: string[] = [];
  for (let line = 0; line < count; line += 1) {
    const user = (line * 7919) % 1009;
    lines.push(`{"username": "u${user}", "event_type": "play_video", "session": "${line * 31}"}\n`);
  }
  return Buffer.from(lines.join(''));
}

async function ringOf(userId: string): Promise<KeyRing> {
  const file = { name: 'key', bytes: await home.exportSecret(userId) };
  return (await openKeyRing([file], async () => undefined)).ring;
}

async function read(
  message: Buffer,
  options: Partial<OpenMessageOptions> = {},
  chunkSizes?: readonly number[],
): Promise<Buffer> {
  const outcome = await openMessage(memberOf(message, chunkSizes), { keys, ...options });
  if (outcome.kind !== 'keep') throw new Error(JSON.stringify(outcome));
  const chunks: Buffer[] = [];
  for await (const chunk of outcome.value.plaintext()) chunks.push(chunk);
  return Buffer.concat(chunks);
}
