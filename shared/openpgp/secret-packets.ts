/** Which parts of a private key of `openpgp` can decrypt session keys. */
import { enums, type PrivateKey, SecretKeyPacket, SecretSubkeyPacket } from 'openpgp';

export type SecretPacket = SecretKeyPacket | SecretSubkeyPacket;

/** The algorithms with which a session key can be encrypted. */
const DECRYPTING_ALGORITHMS: ReadonlySet<number> = new Set([
  enums.publicKey.rsaEncryptSign,
  enums.publicKey.rsaEncrypt,
  enums.publicKey.elgamal,
  enums.publicKey.ecdh,
  enums.publicKey.x25519,
  enums.publicKey.x448,
]);

/** Locked ones too, and those whose secret is elsewhere. */
export function decryptingPackets(key: PrivateKey): SecretPacket[] {
  const packets: SecretPacket[] = [];
  for (const { keyPacket } of key.getKeys()) {
    const isSecret =
      keyPacket instanceof SecretKeyPacket || keyPacket instanceof SecretSubkeyPacket;
    if (isSecret && DECRYPTING_ALGORITHMS.has(keyPacket.algorithm)) packets.push(keyPacket);
  }
  return packets;
}

/** The id of a key or of one of its parts, 16 upper-case hexadecimal digits. */
export function keyIdOf(key: Pick<PrivateKey, 'getKeyID'>): string {
  return key.getKeyID().toHex().toUpperCase();
}
