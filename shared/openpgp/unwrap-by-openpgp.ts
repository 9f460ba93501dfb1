/**
 * Decrypts a session key of the kinds that `openpgp` is left with: elliptic curves, ElGamal, and packets of
 * later versions. `openpgp` reads the key of the ring again for it, once in a thread.
 */
import { PublicKeyEncryptedSessionKeyPacket, readPrivateKey } from 'openpgp';
import type { RingKey } from './key-ring.js';
import { decryptingPackets, keyIdOf, type SecretPacket } from './secret-packets.js';
import type { SessionKey } from './session-key.js';

/** What `openpgp` has at run time; its types keep all but `write` private. */
interface SessionKeyPacket {
  read(bytes: Uint8Array): void;
  decrypt(key: SecretPacket): Promise<void>;
  readonly sessionKey: Uint8Array | null;
  readonly sessionKeyAlgorithm: number | null;
}

const packetsOf = new WeakMap<RingKey, Promise<readonly SecretPacket[]>>();

/** The session key in the body of a packet; undefined where it is not for this secret of the key. */
export async function unwrapByOpenpgp(
  body: Buffer,
  key: RingKey,
  secretId: string,
): Promise<SessionKey | undefined> {
  const packets = packetsOf.get(key) ?? readPackets(key);
  packetsOf.set(key, packets);
  for (const secret of await packets) {
    if (keyIdOf(secret) !== secretId) continue;
    const sessionKey = await unwrapWith(body, secret);
    if (sessionKey !== undefined) return sessionKey;
  }
  return undefined;
}

async function readPackets({ unlocked }: RingKey): Promise<readonly SecretPacket[]> {
  return decryptingPackets(await readPrivateKey({ binaryKey: unlocked })).filter((packet) =>
    packet.isDecrypted(),
  );
}

async function unwrapWith(body: Buffer, secret: SecretPacket): Promise<SessionKey | undefined> {
  // `decryptSessionKeys`, the public way, refuses revoked keys, unusual key flags and ciphers that
  // the key does not prefer; none of these is a reason not to read what was sent. The packet class
  // is exported but its types hide these members, hence the cast to the shape above.
  const packet = new PublicKeyEncryptedSessionKeyPacket() as unknown as SessionKeyPacket;
  try {
    packet.read(Buffer.concat([Buffer.of(body[0] === 2 ? 3 : (body[0] ?? 3)), body.subarray(1)]));
    await packet.decrypt(secret);
  } catch {
    // Expected where the recipient is hidden; in all other cases the caller says what it means.
    return undefined;
  }
  if (packet.sessionKey === null) return undefined;
  return { cipher: packet.sessionKeyAlgorithm ?? undefined, bytes: packet.sessionKey };
}
