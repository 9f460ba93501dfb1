/**
 * Reads and unlocks the private keys that messages are read with.
 *
 * In go key files as GnuPG exports them, armored or binary, each with one or several keys. Out comes
 * a ring of unlocked secret keys. Only keys that can decrypt count: a GnuPG key whose primary secret
 * was taken offline works through its subkeys. An expired or revoked key works too, with a warning,
 * because packages of years ago were encrypted to keys of years ago.
 */
import { type Key, type PrivateKey, readKeys } from 'openpgp';
import { EdxstreamError } from '#shared/errors';
import { isRsaAlgorithm, type KeyRing, type RingKey, type RsaNumbers } from './key-ring.js';
import { decryptingPackets, keyIdOf, type SecretPacket } from './secret-packets.js';

export interface KeyFile {
  readonly name: string;
  readonly bytes: Buffer;
}

export interface PassphraseRequest {
  /** The file that holds the key. */
  readonly name: string;
  readonly keyId: string;
  readonly userId: string;
  /** 1 for the first time this key is asked for. */
  readonly attempt: number;
}

/** Undefined says that there is no (other) passphrase. */
export type AskPassphrase = (key: PassphraseRequest) => Promise<string | undefined>;

const ATTEMPTS_MAX = 3;

/** Reads and unlocks every key; a passphrase that opened one key is tried on the next before asking. */
export async function openKeyRing(
  files: readonly KeyFile[],
  askPassphrase: AskPassphrase,
): Promise<{ readonly ring: KeyRing; readonly warnings: readonly string[] }> {
  const keys: RingKey[] = [];
  const warnings: string[] = [];
  const passphrases: string[] = [];
  for (const file of files) {
    for (const key of await readKeyFile(file)) {
      const ask = async (attempt: number) =>
        askPassphrase({ name: file.name, keyId: keyIdOf(key), userId: userIdOf(key), attempt });
      await unlockKey(file, key, passphrases, ask);
      warnings.push(...(await ageWarnings(key)));
      keys.push(ringKey(key));
    }
  }
  return { ring: { keys }, warnings };
}

async function readKeyFile(file: KeyFile): Promise<PrivateKey[]> {
  const keys = await parseKeys(file);
  const secret: PrivateKey[] = [];
  for (const key of keys) if (key.isPrivate()) secret.push(key);
  if (secret.length === 0) {
    const ids = keys.map(keyIdOf).join(', ');
    throw new EdxstreamError(
      'KEY_UNREADABLE',
      keys.length === 0
        ? `${file.name} holds no OpenPGP key.`
        : `${file.name} holds only the public part of ${ids}; messages are read with the secret part, on the machine that made the key.`,
    );
  }
  return secret;
}

async function parseKeys(file: KeyFile): Promise<Key[]> {
  const text = file.bytes.toString('latin1');
  try {
    if (!text.includes('-----BEGIN PGP')) return await readKeys({ binaryKeys: file.bytes });
    const blocks = text.match(
      /-----BEGIN PGP (\w+) KEY BLOCK-----[\s\S]*?-----END PGP \1 KEY BLOCK-----/g,
    );
    const keys: Key[] = [];
    for (const armoredKeys of blocks ?? []) keys.push(...(await readKeys({ armoredKeys })));
    return keys;
  } catch (cause) {
    throw new EdxstreamError(
      'KEY_UNREADABLE',
      `${file.name} cannot be read as an OpenPGP key: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    );
  }
}

async function unlockKey(
  file: KeyFile,
  key: PrivateKey,
  passphrases: string[],
  ask: (attempt: number) => Promise<string | undefined>,
): Promise<void> {
  const usable = decryptingPackets(key).filter((packet) => !packet.isMissingSecretKeyMaterial());
  if (usable.length === 0) {
    throw new EdxstreamError(
      'KEY_UNREADABLE',
      `${file.name}: key ${keyIdOf(key)} (${userIdOf(key)}) holds no secret that can decrypt; it is offline, on a smart card, or for signatures only.`,
    );
  }
  let locked = usable.filter((packet) => !packet.isDecrypted());
  for (const passphrase of passphrases) locked = await unlockPackets(locked, passphrase);
  let last: string | undefined;
  for (let attempt = 1; locked.length > 0 && attempt <= ATTEMPTS_MAX; attempt += 1) {
    const passphrase = await ask(attempt);
    // A passphrase from a file or a variable comes again unchanged: there is nothing more to try.
    if (passphrase === undefined || passphrase === last) break;
    const still = await unlockPackets(locked, passphrase);
    if (still.length < locked.length) passphrases.push(passphrase);
    locked = still;
    last = passphrase;
  }
  // One unlocked secret is enough to go on with: a subkey may have a passphrase of its own.
  if (locked.length === usable.length) {
    throw new EdxstreamError(
      'PASSPHRASE_WRONG',
      `${file.name}: ${last === undefined ? 'no passphrase was given' : 'the passphrase does not open'} for key ${keyIdOf(key)} (${userIdOf(key)}).`,
    );
  }
}

/** Tries one passphrase on all packets and returns those it does not open. */
async function unlockPackets(
  packets: readonly SecretPacket[],
  passphrase: string,
): Promise<SecretPacket[]> {
  const locked: SecretPacket[] = [];
  for (const packet of packets) {
    try {
      await packet.decrypt(passphrase);
    } catch {
      // `openpgp` says with the same plain Error that a passphrase is wrong and that a form of
      // protection is too old for it; either way this packet stays locked and the caller tells.
      locked.push(packet);
    }
  }
  return locked;
}

function ringKey(key: PrivateKey): RingKey {
  const unlocked = decryptingPackets(key).filter((packet) => packet.isDecrypted());
  return {
    keyId: keyIdOf(key),
    userId: userIdOf(key),
    secrets: unlocked.map((packet) => ({ keyId: keyIdOf(packet), rsa: rsaNumbers(packet) })),
    unlocked: key.write(),
  };
}

function rsaNumbers({
  algorithm,
  publicParams,
  privateParams,
}: SecretPacket): RsaNumbers | undefined {
  // The types of `openpgp` only say `object`; for its two RSA algorithms these are the members.
  const { n, e, d, p, q, u } = { ...publicParams, ...privateParams } as RsaNumbers;
  return isRsaAlgorithm(algorithm) ? { n, e, d, p, q, u } : undefined;
}

async function ageWarnings(key: PrivateKey): Promise<string[]> {
  const name = `Key ${keyIdOf(key)} (${userIdOf(key)})`;
  if (await key.isRevoked()) {
    return [`${name} was revoked; it still reads messages that were encrypted to it.`];
  }
  const expiry = await key.getExpirationTime();
  if (!(expiry instanceof Date) || expiry.getTime() > Date.now()) return [];
  return [
    `${name} expired on ${expiry.toISOString().slice(0, 10)}; it still reads messages that were encrypted to it, but edX may have stopped encrypting to it: extend it and send the public key again.`,
  ];
}

function userIdOf(key: Key): string {
  return key.getUserIDs()[0] ?? 'no user id';
}
