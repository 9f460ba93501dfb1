import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reencryptMessage } from './reencrypt-message.js';
import { type KeyPaths, type Recipients, writeKeys } from './write-keys.js';
import { type MessageOptions, MessageWriter } from './write-message.js';

const hasGpg = spawnSync('gpg', ['--version']).status === 0;
if (!hasGpg) console.warn('Not run, because gpg is not installed: write-message.test.ts');

let directory: string;
let recipients: Recipients;
let keys: KeyPaths;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'edxstream-'));
  ({ recipients, paths: keys } = await writeKeys(directory, 'UniversityA', undefined));
  // The master key has no passphrase, which saves a quarter of a second for each message.
  if (hasGpg) gpg('--import', keys.masterSecret);
});

afterAll(async () => {
  if (hasGpg) execFileSync('gpgconf', ['--homedir', directory, '--kill', 'gpg-agent']);
  await rm(directory, { recursive: true, force: true });
});

function gpg(...args: string[]): Buffer {
  return execFileSync(
    'gpg',
    [
      ['--homedir', directory, '--batch', '--quiet', '--pinentry-mode', 'loopback'],
      ['--passphrase-file', path.join(directory, 'passphrase.txt'), ...args],
    ].flat(),
    { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 },
  );
}

async function write(pieces: readonly Buffer[], options: Partial<MessageOptions> = {}) {
  const target = path.join(directory, `${randomBytes(6).toString('hex')}.gpg`);
  const writer = new MessageWriter(target, {
    recipients,
    compression: 'zip',
    level: 6,
    fileName: '2013-10-22_UniversityA.log',
    ...options,
  });
  for (const piece of pieces) await writer.write(piece);
  return writer.end();
}

/** Lengths around the edges of a part of 8,192 bytes, and of one- and two-octet lengths. */
const LENGTHS = [0, 1, 157, 158, 159, 160, 161, 8100, 8191, 8192, 8193, 16_384, 100_000];

test.skipIf(!hasGpg).each(['zip', 'zlib', 'none'] as const)(
  'gpg gives back every byte of a message with compression %s, whatever its length',
  async (compression) => {
    for (const length of LENGTHS) {
      const plaintext = randomBytes(length);
      const message = await write([plaintext], { compression });
      expect(gpg('-d', message.path).equals(plaintext), `${length} bytes`).toBe(true);
    }
  },
);

test.skipIf(!hasGpg)('a message written in many pieces is the message of all of them', async () => {
  const pieces = Array.from({ length: 300 }, (_, index) => randomBytes((index * 37) % 3000));
  const message = await write(pieces);
  expect(gpg('-d', message.path).equals(Buffer.concat(pieces))).toBe(true);
});

test.skipIf(!hasGpg)(
  'gpg sees two recipients, integrity protection and ZIP, as in a message of its own',
  async () => {
    const message = await write([Buffer.from('line\n'.repeat(10_000))]);
    const packets = gpg('--list-packets', message.path).toString('latin1');
    expect(packets.match(/:pubkey enc packet: version 3, algo 1/g)).toHaveLength(2);
    expect(packets).toContain('mdc_method: 2');
    expect(packets).toContain(':compressed packet: algo=1');
    expect(packets).toContain('name="2013-10-22_UniversityA.log"');
  },
);

test.skipIf(!hasGpg)('a flipped byte is an integrity failure for gpg', async () => {
  const message = await write([Buffer.from('line\n'.repeat(10_000))], { compression: 'none' });
  const bytes = await readFile(message.path);
  bytes.writeUInt8(bytes.readUInt8(30_000) ^ 1, 30_000);
  await writeFile(message.path, bytes);
  expect(() => gpg('-d', message.path)).toThrow();
});

test.skipIf(!hasGpg)(
  'a message encrypted again has another ciphertext and the same plaintext',
  async () => {
    for (const length of LENGTHS) {
      const plaintext = randomBytes(length);
      const first = await write([plaintext]);
      const again = await reencryptMessage(first, `${first.path}.again`, recipients);
      expect(gpg('-d', again.path).equals(plaintext), `${length} bytes`).toBe(true);
      const [one, other] = [await readFile(first.path), await readFile(again.path)];
      expect(one.subarray(-200).equals(other.subarray(-200))).toBe(false);
    }
  },
);

test.skipIf(!hasGpg)('the czar opens a message with the key and the passphrase', async () => {
  const message = await write([Buffer.from('line\n')]);
  gpg('--delete-secret-keys', '--yes', fingerprintOf('master@edx.example'));
  gpg('--import', keys.czarSecret);
  expect(gpg('-d', message.path).toString()).toBe('line\n');
});

function fingerprintOf(email: string): string {
  const listing = gpg('--with-colons', '--list-secret-keys', email).toString();
  return /^fpr:+([0-9A-F]{40}):/m.exec(listing)?.[1] ?? '';
}
