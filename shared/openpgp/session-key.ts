/**
 * From the packets in front of the encrypted one to the session key.
 *
 *   [ session key for recipient 1 ] [ … for recipient 2 ] … [ encrypted packet ]
 *
 * edX encrypts to all data czars of an organization and to a key of its own, so ours is one of
 * several. Each names the id of its key, except where the sender hid the recipients (id 0): then
 * every key of the ring is tried. Trying can yield a wrong session key (its checksum has 16 bits),
 * so there may be several candidates; only the integrity code tells which is right.
 */
import type { ByteCursor } from './byte-cursor.js';
import { FEEDBACK_CIPHERS } from './decrypt-feedback.js';
import {
  describeKeyRing,
  isRsaAlgorithm,
  type KeyRing,
  type RingKey,
  type RingSecret,
  type RsaNumbers,
} from './key-ring.js';
import { PlaintextFault } from './message-fault.js';
import { type PacketHeader, packetBody, readPacketHeader, TAG } from './packet-framing.js';
import { unwrapRsa } from './unwrap-rsa.js';

export interface SessionKey {
  /** OpenPGP's number of the cipher; undefined where the encrypted packet names it (version 2). */
  readonly cipher: number | undefined;
  readonly bytes: Uint8Array;
}

export interface MessagePreamble {
  /** Bodies of the session key packets of recipients. */
  readonly recipients: readonly Buffer[];
  /** How many session keys are encrypted with a passphrase instead of a key. */
  readonly passphraseCount: number;
  /** The packet whose body comes next. */
  readonly encrypted: PacketHeader;
}

/** Far more than thousands of recipients take; keeps the memory that random bytes can claim small. */
const PREAMBLE_BYTES_MAX = 1 << 20;

/** Reads up to the header of the encrypted packet. */
export async function readPreamble(cursor: ByteCursor): Promise<MessagePreamble> {
  const recipients: Buffer[] = [];
  let passphraseCount = 0;
  for (;;) {
    const header = await readPacketHeader(cursor);
    if (header === undefined) {
      throw new PlaintextFault(
        'truncated',
        `it ends at byte ${cursor.position}, before the encrypted packet`,
      );
    }
    switch (header.tag) {
      case TAG.encryptedWithIntegrity:
      case TAG.encryptedWithoutIntegrity:
      case TAG.encryptedWithOcb:
        return { recipients, passphraseCount, encrypted: header };
      case TAG.publicKeySessionKey: {
        const version = (await cursor.peek(1))[0];
        // Version 2 is what PGP 2.6 wrote; it has the fields of version 3.
        if (version !== undefined && version !== 2 && version !== 3 && version !== 6) {
          throw strange(header, `a session key packet of version ${version}`);
        }
        recipients.push(await readSmallBody(cursor, header));
        break;
      }
      case TAG.passphraseSessionKey:
        await readSmallBody(cursor, header);
        passphraseCount += 1;
        break;
      case TAG.marker:
      case TAG.trust:
      case TAG.padding:
        await readSmallBody(cursor, header);
        break;
      case TAG.secretKey:
      case TAG.publicKey:
        throw strange(header, 'an OpenPGP key, not a message');
      case TAG.compressed:
      case TAG.literal:
      case TAG.signature:
      case TAG.onePassSignature:
        throw strange(header, `an OpenPGP packet that is not encrypted (tag ${header.tag})`);
      default:
        throw strange(
          header,
          `an OpenPGP packet that begins no encrypted message (tag ${header.tag})`,
        );
    }
  }
}

/** Decrypts the session keys that the ring has keys for; throws the fault where there is none. */
export async function unwrapSessionKeys(
  preamble: MessagePreamble,
  ring: KeyRing,
): Promise<readonly SessionKey[]> {
  const found = new Map<string, SessionKey>();
  const wanted: string[] = [];
  let tried = 0;
  for (const body of preamble.recipients) {
    const recipient = recipientOf(body);
    wanted.push(recipient ?? 'hidden');
    for (const { key, secret } of ring.keys.flatMap(secretsOf)) {
      if (recipient !== undefined && recipient !== secret.keyId) continue;
      tried += recipient === undefined ? 0 : 1;
      const sessionKey = await unwrapOne(body, key, secret);
      if (sessionKey === undefined) continue;
      const { cipher, bytes } = sessionKey;
      found.set(`${cipher ?? ''}:${Buffer.from(bytes).toString('hex')}`, sessionKey);
    }
  }
  if (found.size > 0) return [...found.values()];
  if (tried > 0) {
    throw new PlaintextFault(
      'damaged',
      `its session key for ${wanted.join(', ')} cannot be decrypted with the key of that id: the packet is damaged, or it is for a cipher that is not supported`,
    );
  }
  if (wanted.length === 0) {
    throw new PlaintextFault(
      'no-key',
      preamble.passphraseCount > 0
        ? 'it is encrypted with a passphrase and to no key; decrypt it with gpg and ask the sender to encrypt to your key'
        : 'it names no recipient at all; ask for the package again',
    );
  }
  throw new PlaintextFault(
    'no-key',
    `it is encrypted to ${wanted.join(', ')}; ${describeKeyRing(ring)}. Add the secret key of one of these ids with --key`,
  );
}

function secretsOf(key: RingKey): { readonly key: RingKey; readonly secret: RingSecret }[] {
  return key.secrets.map((secret) => ({ key, secret }));
}

async function unwrapOne(
  body: Buffer,
  key: RingKey,
  { keyId, rsa }: RingSecret,
): Promise<SessionKey | undefined> {
  if (body[0] !== 6 && isRsaAlgorithm(body[9]) && rsa !== undefined) return unwrapByRsa(body, rsa);
  const { unwrapByOpenpgp } = await import('./unwrap-by-openpgp.js');
  return unwrapByOpenpgp(body, key, keyId);
}

/**
 *   body       version, key id (8 bytes), algorithm, count of bits (2 bytes), the encrypted number
 *   decrypted  cipher, key, checksum (2 bytes: the sum of the key's bytes)
 */
function unwrapByRsa(body: Buffer, secret: RsaNumbers): SessionKey | undefined {
  const decrypted = unwrapRsa(body.subarray(12), secret);
  if (decrypted === undefined || decrypted.length < 4) return undefined;
  const cipher = decrypted[0];
  const bytes = decrypted.subarray(1, -2);
  const sum = bytes.reduce((total, byte) => total + byte, 0) & 0xffff;
  if (sum !== decrypted.readUInt16BE(decrypted.length - 2)) return undefined;
  const keyBytes = FEEDBACK_CIPHERS.get(cipher ?? 0)?.keyBytes ?? bytes.length;
  return bytes.length === keyBytes ? { cipher, bytes } : undefined;
}

/** The key id in upper-case hexadecimal digits; undefined where the recipient is hidden. */
function recipientOf(body: Buffer): string | undefined {
  if (body[0] !== 6) {
    const id = body.subarray(1, 9).toString('hex').toUpperCase();
    return id === '0000000000000000' ? undefined : id;
  }
  const count = body[1] ?? 0;
  if (count === 0) return undefined;
  const fingerprint = body.subarray(3, 2 + count);
  // The id is the end of a fingerprint of version 4 and the beginning of a later one.
  const id = body[2] === 4 ? fingerprint.subarray(-8) : fingerprint.subarray(0, 8);
  return id.toString('hex').toUpperCase();
}

async function readSmallBody(cursor: ByteCursor, header: PacketHeader): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let count = 0;
  for await (const piece of packetBody(cursor, header, { isOwned: false })) {
    count += piece.length;
    if (cursor.position > PREAMBLE_BYTES_MAX) {
      throw strange(header, `more than ${PREAMBLE_BYTES_MAX} bytes before any encrypted packet`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces, count);
}

function strange(header: PacketHeader, what: string): PlaintextFault {
  return header.offset === 0
    ? new PlaintextFault(
        'not-openpgp',
        `it is no encrypted OpenPGP message: it begins with ${what}`,
      )
    : new PlaintextFault('damaged', `at byte ${header.offset} stands ${what}`);
}
