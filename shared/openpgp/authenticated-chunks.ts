/**
 * Authenticated encryption: every chunk has a code of its own, and a last one covers the total.
 *
 *   packet 20 (GnuPG 2.3 and later)   1, cipher, mode, c | IV | chunk, code | chunk, code | … | code
 *   packet 18 version 2 (RFC 9580)    2, cipher, mode, c | salt | chunk, code | … | code
 *
 * A chunk has 2^(c+6) bytes. A chunk that leaves here has been verified, but the message only is when
 * its last code has been: without it, chunks may be missing at the end.
 *
 * OCB and GCM are done by node:crypto, since `openpgp` has OCB in plain JavaScript (100 MB
 * were not read in 100 s; here they take 0.25 s) and keys made with GnuPG 2.4 ask for OCB. EAX, which OpenSSL does not have, stays with `openpgp`.
 */
import { createDecipheriv, hkdfSync } from 'node:crypto';
import { ByteCursor } from './byte-cursor.js';
import { PlaintextFault } from './message-fault.js';
import { TAG } from './packet-framing.js';
import type { SessionKey } from './session-key.js';

const AES_BITS: ReadonlyMap<number, 128 | 192 | 256> = new Map([
  [7, 128],
  [8, 192],
  [9, 256],
]);
const MODES: ReadonlyMap<number, { readonly name: 'ocb' | 'gcm'; readonly ivBytes: number }> =
  new Map([
    [2, { name: 'ocb', ivBytes: 15 }],
    [3, { name: 'gcm', ivBytes: 12 }],
  ]);
/** 2^(16+6) bytes: what GnuPG writes, and the most that RFC 9580 allows. A chunk is held in memory. */
const CHUNK_SIZE_MAX = 16;
const CODE_BYTES = 16;
const SALT_BYTES = 32;

/** Throws the fault of what neither this reader nor `openpgp` can read. `head` is the body's start. */
export function requireKnownAead(head: Buffer): void {
  const [, cipher, mode, chunkSize] = head;
  if (cipher === undefined || mode === undefined || chunkSize === undefined) {
    throw new PlaintextFault('truncated', `its encrypted packet has only ${head.length} bytes`);
  }
  const isKnown = (AES_BITS.has(cipher) || cipher === 10) && mode >= 1 && mode <= 3;
  if (isKnown && chunkSize <= CHUNK_SIZE_MAX) return;
  throw new PlaintextFault(
    'unsupported',
    `it is encrypted with cipher ${cipher}, mode ${mode} and chunk size ${chunkSize}, which is not supported; decrypt it with gpg`,
  );
}

export function isAuthenticated(tag: number, head: Buffer): boolean {
  return tag === TAG.encryptedWithOcb || (tag === TAG.encryptedWithIntegrity && head[0] === 2);
}

/** Whether `authenticatedContent` reads it (else `openpgp` does). */
export function hasNativeMode(head: Buffer): boolean {
  return AES_BITS.has(head[1] ?? 0) && MODES.has(head[2] ?? 0);
}

/** The decrypted packets. Throws `integrity-failed` at the first code that does not hold. */
export async function* authenticatedContent(
  tag: number,
  body: AsyncIterable<Buffer>,
  sessionKey: SessionKey,
): AsyncGenerator<Buffer, void, undefined> {
  const cursor = new ByteCursor(body);
  const head = Buffer.from(await cursor.peek(4));
  requireKnownAead(head);
  cursor.skip(head.length);
  const open = await chunkOpener(tag, head, cursor, sessionKey);
  const sealedBytes = 2 ** ((head[3] ?? 0) + 6) + CODE_BYTES;
  let index = 0;
  let total = 0;
  for (;;) {
    // What follows the last chunk is one more code, so a chunk is only known with that much behind.
    const ahead = await cursor.peek(sealedBytes + CODE_BYTES);
    const sealed =
      ahead.length === sealedBytes + CODE_BYTES
        ? ahead.subarray(0, sealedBytes)
        : ahead.subarray(0, Math.max(0, ahead.length - CODE_BYTES));
    if (sealed.length > 0) {
      const plain = open(index, sealed, undefined);
      index += 1;
      total += plain.length;
      yield plain;
    }
    cursor.skip(sealed.length);
    if (sealed.length < sealedBytes) break;
  }
  open(index, await cursor.peek(CODE_BYTES), total);
}

type OpenChunk = (index: number, sealed: Buffer, total: number | undefined) => Buffer;

/** Reads the IV or the salt and sets up the key, the nonces and the data that the codes cover. */
async function chunkOpener(
  tag: number,
  head: Buffer,
  cursor: ByteCursor,
  sessionKey: SessionKey,
): Promise<OpenChunk> {
  const bits = AES_BITS.get(head[1] ?? 0);
  const mode = MODES.get(head[2] ?? 0);
  if (bits === undefined || mode === undefined) {
    throw new PlaintextFault('unsupported', 'its mode is not supported; decrypt it with gpg');
  }
  const isVersion2 = tag === TAG.encryptedWithIntegrity;
  const saltBytes = isVersion2 ? SALT_BYTES : mode.ivBytes;
  const salt = Buffer.from(await cursor.peek(saltBytes));
  if (salt.length < saltBytes) {
    throw new PlaintextFault('truncated', 'its encrypted packet ends inside its header');
  }
  cursor.skip(saltBytes);
  const covered = Buffer.concat([Buffer.of(0xc0 | tag), head]);
  let key = Buffer.from(sessionKey.bytes);
  let iv = salt;
  if (isVersion2) {
    const keyBytes = bits / 8;
    const derivedBytes = keyBytes + mode.ivBytes - 8;
    const derived = Buffer.from(hkdfSync('sha256', key, salt, covered, derivedBytes));
    key = derived.subarray(0, keyBytes);
    iv = Buffer.concat([derived.subarray(keyBytes), Buffer.alloc(8)]);
  }
  if (key.length !== bits / 8) {
    throw new PlaintextFault('integrity-failed', 'its session key does not fit its cipher');
  }
  return (index, sealed, total) => {
    const count = Buffer.alloc(8);
    count.writeBigUInt64BE(BigInt(index));
    const nonce = Buffer.from(iv);
    for (const [at, byte] of count.entries()) {
      const target = nonce.length - 8 + at;
      nonce[target] = (nonce[target] ?? 0) ^ byte;
    }
    const data = isVersion2 ? [covered] : [covered, count];
    if (total !== undefined) {
      const octets = Buffer.alloc(8);
      octets.writeBigUInt64BE(BigInt(total));
      data.push(octets);
    }
    const code = sealed.subarray(Math.max(0, sealed.length - CODE_BYTES));
    if (code.length < CODE_BYTES) {
      throw new PlaintextFault('truncated', 'its encrypted packet ends inside an integrity code');
    }
    // One call for each mode, because the types know their options only by literal names.
    const decipher =
      mode.name === 'ocb'
        ? createDecipheriv(`aes-${bits}-ocb`, key, nonce, { authTagLength: CODE_BYTES })
        : createDecipheriv(`aes-${bits}-gcm`, key, nonce, { authTagLength: CODE_BYTES });
    decipher.setAuthTag(code);
    decipher.setAAD(Buffer.concat(data));
    const plain = decipher.update(sealed.subarray(0, -CODE_BYTES));
    try {
      const rest = decipher.final();
      return rest.length === 0 ? plain : Buffer.concat([plain, rest]);
    } catch (cause) {
      throw new PlaintextFault('integrity-failed', `the code of chunk ${index} does not hold`, {
        cause,
      });
    }
  };
}
