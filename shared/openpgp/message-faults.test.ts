import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { createMessage, encrypt, readKey } from 'openpgp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  literal,
  memberOf,
  ocbPacket,
  packet,
  protectedPacket,
  unprotectedPacket,
} from '#shared/testing/openpgp-bytes';
import { TemporaryGpgHome } from '#shared/testing/temporary-gpg-home';
import type { KeyRing } from './key-ring.js';
import { openKeyRing } from './open-key-ring.js';
import { decryptByOpenpgp } from './openpgp-fallback.js';
import { type OpenMessageOptions, openMessage } from './read-message.js';

const CZAR = 'czar@uni.example';
const OTHER = 'other@uni.example';
const CONTENT = Buffer.from('{"event_type": "play_video"}\n'.repeat(40));

let home: TemporaryGpgHome;
let keys: KeyRing;
let session: { readonly packets: Buffer; readonly key: Buffer };
let message: Buffer;

beforeAll(async () => {
  home = await TemporaryGpgHome.create();
  await home.makeKey({ userId: CZAR });
  await home.makeKey({ userId: OTHER });
  const file = { name: 'key', bytes: await home.exportSecret(CZAR) };
  keys = (await openKeyRing([file], async () => undefined)).ring;
  session = await home.sessionKeyFor(CZAR);
  message = await home.encrypt(CONTENT, [CZAR]);
}, 120_000);

afterAll(async () => {
  await home[Symbol.asyncDispose]();
});

test('no byte of the encrypted packet can be changed without the message being refused', async () => {
  for (let at = session.packets.length; at < message.length; at += 1) {
    const changed = Buffer.from(message);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    expect(await open(changed), `byte ${at}`).toMatchObject({ kind: 'reject' });
  }
});

test('a changed byte before the encrypted packet changes no content', async () => {
  for (let at = 0; at < session.packets.length; at += 1) {
    const changed = Buffer.from(message);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    const outcome = await open(changed);
    if (outcome.kind === 'keep') expect(await contentOf(outcome)).toEqual(CONTENT.toString());
    else expect(outcome.kind, `byte ${at}`).toBe('reject');
  }
});

test('a changed byte anywhere in a larger message is refused with nothing released', async () => {
  const large = built(protectedPacket(session.key, literal(randomBytes(700_000))));
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: session.packets.length + 6, max: large.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      fc.constantFrom(0, 1 << 25),
      async (at, change, heldBytesMax) => {
        const changed = Buffer.from(large);
        changed[at] = (changed[at] ?? 0) ^ change;
        const outcome = await open(changed, { heldBytesMax });
        expect(outcome).toMatchObject({ kind: 'reject' });
        if (at > session.packets.length + 6) {
          expect(outcome).toMatchObject({ reason: 'integrity-failed' });
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('a message cut at any byte is refused', async () => {
  for (let bytes = 1; bytes < message.length; bytes += 1) {
    expect(await open(message.subarray(0, bytes)), `${bytes} bytes`).toMatchObject({
      kind: 'reject',
      reason: 'truncated',
    });
  }
  const reaching = built(packet(18, Buffer.alloc(10, 1), 'new'));
  expect(await open(reaching)).toMatchObject({ reason: 'truncated' });
  const parted = built(protectedPacket(session.key, literal(CONTENT), { partLog2: 9 }));
  for (const bytes of [512, 513, 514, 600, 1026, 1027]) {
    const cut = parted.subarray(0, session.packets.length + 1 + bytes);
    expect(await open(cut)).toMatchObject({ reason: 'truncated' });
  }
});

test('armor that lacks its end is truncated', async () => {
  const armored = await home.encrypt(CONTENT, [CZAR], ['--armor']);
  const cut = armored.subarray(0, armored.length - 40);
  expect(await open(cut)).toMatchObject({ reason: 'truncated' });
});

test('anything after the message fails it, as with gpg', async () => {
  for (const more of [Buffer.from('\0'), Buffer.from('hello'), message]) {
    const longer = Buffer.concat([message, more]);
    await expect(home.gpg(['--decrypt'], longer)).rejects.toThrow('ended with 2');
    expect(await open(longer)).toMatchObject({ kind: 'reject', reason: 'damaged' });
  }
});

test('an empty member is empty', async () => {
  expect(await open(Buffer.alloc(0))).toMatchObject({ kind: 'reject', reason: 'empty' });
});

test.each([
  ['text', Buffer.from('{"event_type": "page_close"}\n')],
  ['long text', Buffer.from('{"event_type": "page_close"}\n'.repeat(9000))],
  ['a zip', Buffer.from('504b0304140000000800', 'hex')],
  ['gzip', Buffer.from('1f8b0800000000000003', 'hex')],
  ['a JPEG', Buffer.from('ffd8ffe000104a464946', 'hex')],
  ['NUL', Buffer.alloc(5000)],
  ['a literal packet that nobody encrypted', literal(CONTENT)],
  ['a session key of an unknown version', packet(1, Buffer.of(9, 9, 9, 9))],
  ['armor of a key', Buffer.from('-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n')],
])('%s is not OpenPGP', async (_, bytes) => {
  const outcome = await open(bytes);
  expect(outcome).toMatchObject({ kind: 'reject', reason: 'not-openpgp' });
  expect(outcome).toMatchObject({ detail: expect.stringContaining('2013-10-22') });
});

test('random bytes are always refused, and never an exception', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.boolean(), async (bytes, isBehind) => {
      const random = Buffer.from(bytes);
      expect((await open(isBehind ? built(random) : random)).kind).toBe('reject');
    }),
    { numRuns: 300 },
  );
});

test('a message to other keys names the ids wanted and what the ring holds', async () => {
  const outcome = await open(await home.encrypt(CONTENT, [OTHER]));
  const listing = (await home.gpg(['--list-keys', '--with-colons', OTHER])).toString();
  const subkeyId = /^sub:\w:\d+:\d+:([0-9A-F]{16}):/m.exec(listing)?.[1];
  expect(outcome).toMatchObject({ kind: 'reject', reason: 'no-key' });
  expect(outcome).toMatchObject({ detail: expect.stringContaining(`to ${subkeyId}`) });
  expect(outcome).toMatchObject({ detail: expect.stringContaining(`(${CZAR})`) });
  const hidden = await home.encrypt(CONTENT, [], ['--hidden-recipient', OTHER]);
  expect(await open(hidden)).toMatchObject({ kind: 'reject', reason: 'no-key' });
});

test('a message with only a passphrase asks for one to a key', async () => {
  const loopback = ['--pinentry-mode', 'loopback', '--passphrase', 'x', '--symmetric'];
  const outcome = await open(await home.gpg(loopback, CONTENT));
  expect(outcome).toMatchObject({ reason: 'no-key' });
  expect(outcome).toMatchObject({ detail: expect.stringContaining('passphrase') });
  const both = await home.encrypt(CONTENT, [CZAR], loopback);
  expect(await contentOf(await open(both))).toBe(CONTENT.toString());
});

test('a session key packet of ours that does not decrypt is damage', async () => {
  // 55… is smaller than any modulus of the key's length, FF… larger.
  for (const byte of [0x00, 0x55, 0xff]) {
    const bent = Buffer.from(session.packets);
    bent.fill(byte, 15);
    const whole = Buffer.concat([bent, protectedPacket(session.key, literal(CONTENT))]);
    expect(await open(whole)).toMatchObject({ kind: 'reject', reason: 'damaged' });
  }
});

test('a message without integrity code is refused, unless allowed, and then with a warning', async () => {
  const messages = [
    await home.encrypt(CONTENT, [CZAR], ['--rfc2440']),
    await home.encrypt(CONTENT, [CZAR], ['--rfc2440', '--cipher-algo', 'AES192', '-z', '0']),
    built(unprotectedPacket(session.key, literal(CONTENT, { partLog2: 4 }))),
  ];
  for (const unprotected of messages) {
    expect(await open(unprotected)).toMatchObject({ kind: 'reject', reason: 'no-integrity' });
    for (const chunkSize of [1, 1 << 20]) {
      const member = memberOf(unprotected, [chunkSize]);
      const outcome = await openMessage(member, { keys, allowUnprotected: true });
      expect(outcome).toMatchObject({
        value: { warnings: [expect.stringContaining('no integrity code')] },
      });
      expect(await contentOf(outcome)).toBe(CONTENT.toString());
    }
    const cut = unprotected.subarray(0, -3);
    expect(await open(cut, { allowUnprotected: true })).toMatchObject({ reason: 'truncated' });
  }
});

test('a message of CAMELLIA256 is read', async () => {
  const camellia = await home.encrypt(CONTENT, [CZAR], ['--cipher-algo', 'CAMELLIA256']);
  expect(await contentOf(await open(camellia))).toBe(CONTENT.toString());
});

test('the authenticated packet of GnuPG (OCB) is read, and refused if changed or cut', async () => {
  for (const chunkSize of [0, 4, 16]) {
    const zip = packet(8, Buffer.concat([Buffer.of(1), deflateRawSync(literal(CONTENT))]));
    for (const packets of [literal(CONTENT), zip]) {
      const ocb = built(ocbPacket(session.key, packets, chunkSize));
      expect(await contentOf(await open(ocb))).toBe(CONTENT.toString());
      const start = session.packets.length + 3;
      for (let at = start; at < ocb.length; at += 13) {
        const changed = Buffer.from(ocb);
        changed[at] = (changed[at] ?? 0) ^ 1;
        expect(await open(changed), `byte ${at}`).toMatchObject({ kind: 'reject' });
        expect(await open(ocb.subarray(0, at))).toMatchObject({ reason: 'truncated' });
      }
    }
  }
});

test('authenticated encryption of RFC 9580 is read, and refused if changed', async () => {
  const encryptionKeys = await readKey({ binaryKey: await home.gpg(['--export', CZAR]) });
  for (const aeadAlgorithm of ['ocb', 'eax', 'gcm'] as const) {
    const encrypted = Buffer.from(
      await encrypt({
        message: await createMessage({ binary: CONTENT }),
        encryptionKeys,
        sessionKey: { data: randomBytes(32), algorithm: 'aes256', aeadAlgorithm },
        format: 'binary',
      }),
    );
    expect(await contentOf(await open(encrypted))).toBe(CONTENT.toString());
    encrypted[encrypted.length - 20] = (encrypted[encrypted.length - 20] ?? 0) ^ 1;
    expect(await open(encrypted)).toMatchObject({ kind: 'reject', reason: 'integrity-failed' });
  }
});

test('a changed byte is refused where openpgp reads the cipher', async () => {
  const options = ['--cipher-algo', 'TWOFISH', '-z', '0'];
  const twofish = await home.encrypt(CONTENT, [CZAR], options);
  for (let at = session.packets.length + 3; at < twofish.length; at += 50) {
    const changed = Buffer.from(twofish);
    changed[at] = (changed[at] ?? 0) ^ 4;
    expect(await open(changed), `byte ${at}`).toMatchObject({ reason: 'integrity-failed' });
  }
});

test('content at which openpgp waits for itself is refused', async () => {
  // What any garbage decrypts to: at one in fifty, openpgp never answers.
  const packetOf = (bytes: Buffer) => ({ tag: 18, body: memberOf(bytes).open() });
  const tries = Array.from({ length: 300 }, async () => {
    const garbage = Buffer.concat([Buffer.of(1), randomBytes(200)]);
    const key = { bytes: randomBytes(32), cipher: 10 };
    for await (const _ of decryptByOpenpgp(packetOf(garbage), key));
  });
  for (const outcome of await Promise.allSettled(tries)) {
    expect(outcome).toMatchObject({ reason: { reason: 'integrity-failed' } });
  }
});

test('a fault of the disk is an exception, not a fault of the message', async () => {
  const failing = {
    name: 'member',
    // biome-ignore lint/correctness/useYield: it fails before it has anything to give.
    async *open(): AsyncGenerator<Buffer> {
      throw Object.assign(new Error('i/o error'), { code: 'EIO' });
    },
    [Symbol.asyncDispose]: async () => {},
  };
  await expect(openMessage(failing, { keys })).rejects.toMatchObject({ code: 'EIO' });
});

function built(encrypted: Buffer): Buffer {
  return Buffer.concat([session.packets, encrypted]);
}

function open(bytes: Buffer, options: Partial<OpenMessageOptions> = {}) {
  return openMessage(memberOf(bytes), { keys, ...options });
}

async function contentOf(outcome: Awaited<ReturnType<typeof openMessage>>): Promise<string> {
  if (outcome.kind !== 'keep') throw new Error(JSON.stringify(outcome));
  const chunks: Buffer[] = [];
  for await (const chunk of outcome.value.plaintext()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
