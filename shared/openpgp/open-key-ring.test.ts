import { afterAll, beforeAll, expect, test } from 'vitest';
import { memberOf } from '#shared/testing/openpgp-bytes';
import { TemporaryGpgHome } from '#shared/testing/temporary-gpg-home';
import { type AskPassphrase, openKeyRing } from './open-key-ring.js';
import { openMessage } from './read-message.js';

const OPEN = 'open@uni.example';
const LOCKED = 'locked@uni.example';
const EXPIRED = 'expired@uni.example';
const CURVE = 'curve@uni.example';
const PASSPHRASE = 'correct horse';
const NEVER_ASKED: AskPassphrase = async () => {
  throw new Error('nobody must be asked');
};

let home: TemporaryGpgHome;
let message: Buffer;

beforeAll(async () => {
  home = await TemporaryGpgHome.create();
  await home.makeKey({ userId: OPEN });
  await home.makeKey({ userId: LOCKED, passphrase: PASSPHRASE });
  await home.makeKey({ userId: CURVE, subkey: 'cv25519' });
  await home.makeKey({ userId: EXPIRED, madeAt: '20140101T000000', expires: '1y' });
  message = await home.encrypt(Buffer.from('one line\n'), [OPEN, LOCKED, CURVE]);
}, 120_000);

afterAll(async () => {
  await home[Symbol.asyncDispose]();
});

test('a key without passphrase is never asked for, armored or binary', async () => {
  for (const armor of [true, false]) {
    const bytes = await home.exportSecret(OPEN, { armor });
    const { ring, warnings } = await openKeyRing([{ name: 'key.asc', bytes }], NEVER_ASKED);
    expect(warnings).toEqual([]);
    expect(ring.keys.map((key) => key.userId)).toEqual([OPEN]);
    expect(await read(ring)).toBe('one line\n');
  }
});

test('the right passphrase opens a key, and is asked for with the name of the key', async () => {
  const bytes = await home.exportSecret(LOCKED, { passphrase: PASSPHRASE });
  const asked: unknown[] = [];
  const { ring } = await openKeyRing([{ name: 'my.key', bytes }], async (key) => {
    asked.push({ name: key.name, userId: key.userId, attempt: key.attempt });
    return key.attempt === 1 ? 'a typing error' : PASSPHRASE;
  });
  expect(asked).toEqual([
    { name: 'my.key', userId: LOCKED, attempt: 1 },
    { name: 'my.key', userId: LOCKED, attempt: 2 },
  ]);
  expect(await read(ring)).toBe('one line\n');
});

test('a wrong passphrase is refused, and one that does not change is tried once', async () => {
  const bytes = await home.exportSecret(LOCKED, { passphrase: PASSPHRASE });
  let asked = 0;
  const opening = openKeyRing([{ name: 'my.key', bytes }], async () => {
    asked += 1;
    return 'wrong';
  });
  await expect(opening).rejects.toMatchObject({
    code: 'PASSPHRASE_WRONG',
    message: expect.stringContaining(LOCKED),
  });
  expect(asked).toBe(2);
});

test('no passphrase at all is refused with the name of the key', async () => {
  const bytes = await home.exportSecret(LOCKED, { passphrase: PASSPHRASE });
  await expect(
    openKeyRing([{ name: 'my.key', bytes }], async () => undefined),
  ).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
});

test('a passphrase that opened one key is tried on the next before asking', async () => {
  const bytes = await home.exportSecret(LOCKED, { passphrase: PASSPHRASE });
  const files = [
    { name: 'a.key', bytes },
    { name: 'b.key', bytes },
  ];
  let asked = 0;
  const { ring } = await openKeyRing(files, async () => {
    asked += 1;
    return PASSPHRASE;
  });
  expect(asked).toBe(1);
  expect(ring.keys).toHaveLength(2);
});

test('one file may hold several keys, as one block, as several blocks, or binary', async () => {
  const [a, b] = [
    await home.exportSecret(OPEN, { armor: true }),
    await home.exportSecret(CURVE, { armor: true }),
  ];
  const blocks = Buffer.concat([Buffer.from('My keys:\r\n'), a, Buffer.from('\n\n'), b]);
  const binary = Buffer.concat([await home.exportSecret(OPEN), await home.exportSecret(CURVE)]);
  for (const bytes of [blocks, binary]) {
    const { ring } = await openKeyRing([{ name: 'keys', bytes }], NEVER_ASKED);
    expect(ring.keys.map((key) => key.userId)).toEqual([OPEN, CURVE]);
  }
});

test('an elliptic curve key reads messages', async () => {
  const bytes = await home.exportSecret(CURVE);
  const { ring } = await openKeyRing([{ name: 'key', bytes }], NEVER_ASKED);
  expect(await read(ring)).toBe('one line\n');
  expect(await read(structuredClone(ring))).toBe('one line\n');
});

test('a key whose primary secret is offline works through its subkey', async () => {
  const bytes = await home.exportSecret(OPEN, { form: '--export-secret-subkeys' });
  const { ring } = await openKeyRing([{ name: 'key', bytes }], NEVER_ASKED);
  expect(ring.keys[0]?.secrets).toHaveLength(1);
  expect(await read(ring)).toBe('one line\n');
  expect(await read(structuredClone(ring))).toBe('one line\n');
});

test('an expired key works, with a warning', async () => {
  const bytes = await home.exportSecret(EXPIRED);
  const { ring, warnings } = await openKeyRing([{ name: 'key', bytes }], NEVER_ASKED);
  expect(warnings).toEqual([expect.stringContaining('expired on 2015-01-01')]);
  const old = await home.encrypt(
    Buffer.from('years ago\n'),
    [EXPIRED],
    ['--faked-system-time', '20140601T000000'],
  );
  expect(await read(ring, old)).toBe('years ago\n');
});

test('a revoked key works, with a warning', async () => {
  const { revokeKey, readPrivateKey } = await import('openpgp');
  const key = await readPrivateKey({ binaryKey: await home.exportSecret(OPEN) });
  const { privateKey } = await revokeKey({ key, format: 'binary' });
  const file = { name: 'key', bytes: Buffer.from(privateKey) };
  const { ring, warnings } = await openKeyRing([file], NEVER_ASKED);
  expect(warnings).toEqual([expect.stringContaining('was revoked')]);
  expect(await read(ring)).toBe('one line\n');
});

test('the ring survives the way to a worker, unlocked', async () => {
  const bytes = await home.exportSecret(LOCKED, { passphrase: PASSPHRASE });
  const { ring } = await openKeyRing([{ name: 'key', bytes }], async () => PASSPHRASE);
  expect(await read(structuredClone(ring))).toBe('one line\n');
});

test('a public key is refused with what is missing', async () => {
  const bytes = await home.gpg(['--armor', '--export', OPEN]);
  await expect(openKeyRing([{ name: 'key.asc', bytes }], NEVER_ASKED)).rejects.toMatchObject({
    code: 'KEY_UNREADABLE',
    message: expect.stringContaining('only the public part'),
    spec: { next: expect.stringContaining('--export-secret-keys') },
  });
});

test.each([
  ['an empty file', Buffer.alloc(0)],
  ['text', Buffer.from('not a key\n')],
  ['random bytes', Buffer.from('c0ffee00c0ffee00', 'hex')],
  ['armor of something else', Buffer.from('-----BEGIN PGP MESSAGE-----\n\nAAAA\n')],
  ['a torn block', Buffer.from('-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n')],
])('%s is refused as a key', async (_, bytes) => {
  await expect(openKeyRing([{ name: 'key.asc', bytes }], NEVER_ASKED)).rejects.toMatchObject({
    code: 'KEY_UNREADABLE',
    message: expect.stringContaining('key.asc'),
  });
});

async function read(keys: Parameters<typeof openMessage>[1]['keys'], bytes = message) {
  const outcome = await openMessage(memberOf(bytes), { keys });
  if (outcome.kind !== 'keep') return outcome;
  const chunks: Buffer[] = [];
  for await (const chunk of outcome.value.plaintext()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
