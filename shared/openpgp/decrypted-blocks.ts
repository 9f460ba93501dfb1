/**
 * The body of an encrypted packet as decrypted blocks, and the check of its integrity code.
 *
 *   | random prefix, 2 of its bytes repeated | packets: the content | D3 14 | SHA-1 of all before |
 *   |<---------- blockBytes + 2 ------------>|<--- contentBytes --->|<--------- 22 bytes -------->|
 *
 * The two repeated bytes could tell a wrong key early. They are not looked at: RFC 9580 section
 * 13.6 names the attacks on software whose behaviour depends on them.
 */
import { createHash } from 'node:crypto';
import { type FeedbackCipher, FeedbackDecryptor } from './decrypt-feedback.js';
import { PlaintextFault } from './message-fault.js';

/** Ciphertext and key stream of a block together stay in the second-level cache. */
const BLOCK_BYTES = 256 << 10;
const TRAILER_BYTES = 22;

export interface BodyKey {
  readonly cipher: FeedbackCipher;
  readonly bytes: Uint8Array;
}

export interface VerifiedBody {
  readonly contentBytes: number;
  readonly digest: Buffer;
  /** All decrypted blocks, where they fit `heldBytesMax`. */
  readonly held: Buffer[] | undefined;
}

/**
 * Decrypts and hashes a whole body and releases nothing; undefined where the code does not hold.
 */
export async function verifyBody(
  body: AsyncIterable<Buffer>,
  key: BodyKey,
  heldBytesMax: number,
): Promise<VerifiedBody | undefined> {
  const hash = createHash('sha1');
  let held: Buffer[] | undefined = [];
  let bodyBytes = 0;
  // The end of the body is known only when it comes, so hashing stays 22 bytes behind.
  let trailer: Buffer = Buffer.alloc(0);
  for await (const block of decryptBlocks(body, key, () => held === undefined)) {
    bodyBytes += block.length;
    if (bodyBytes > heldBytesMax) held = undefined;
    held?.push(block);
    if (block.length < TRAILER_BYTES) {
      trailer = Buffer.concat([trailer, block]);
      const early = Math.max(0, trailer.length - TRAILER_BYTES);
      hash.update(trailer.subarray(0, early));
      trailer = trailer.subarray(early);
      continue;
    }
    hash.update(trailer);
    hash.update(block.subarray(0, block.length - TRAILER_BYTES));
    trailer = Buffer.from(block.subarray(block.length - TRAILER_BYTES));
  }
  const contentBytes = bodyBytes - prefixBytes(key) - TRAILER_BYTES;
  if (contentBytes < 0) {
    throw new PlaintextFault('truncated', `its encrypted packet has only ${bodyBytes} bytes`);
  }
  const digest = hash.update(trailer.subarray(0, 2)).digest();
  const isWhole = trailer[0] === 0xd3 && trailer[1] === 0x14 && digest.equals(trailer.subarray(2));
  return isWhole ? { contentBytes, digest, held } : undefined;
}

/** The content of held blocks, each let go of as it is taken. */
export async function* heldContent(
  held: Buffer[],
  key: BodyKey,
  contentBytes: number,
): AsyncGenerator<Buffer, void, undefined> {
  yield* window(takeHeld(held), prefixBytes(key), contentBytes);
}

/** Gives out what was held and lets go of it. */
export async function* takeHeld(held: Buffer[]): AsyncGenerator<Buffer, void, undefined> {
  for (let block = held.shift(); block !== undefined; block = held.shift()) yield block;
}

/**
 * The content of a body that was verified before and is read again. It is hashed again too: the file
 * may have changed in between, and then the iteration ends with a fault instead of quietly.
 */
export async function* rereadContent(
  body: AsyncIterable<Buffer>,
  key: BodyKey,
  verified: VerifiedBody,
): AsyncGenerator<Buffer, void, undefined> {
  const hash = createHash('sha1');
  const hashedBytes = prefixBytes(key) + verified.contentBytes + 2;
  async function* hashed(): AsyncGenerator<Buffer, void, undefined> {
    let seen = 0;
    for await (const block of decryptBlocks(body, key, () => false)) {
      hash.update(block.subarray(0, Math.max(0, hashedBytes - seen)));
      seen += block.length;
      yield block;
    }
  }
  yield* window(hashed(), prefixBytes(key), verified.contentBytes);
  if (!hash.digest().equals(verified.digest)) {
    throw new PlaintextFault(
      'integrity-failed',
      'it changed between the check of its integrity and this reading; load it again',
    );
  }
}

/**
 * The content of a packet without integrity code (tag 9). Its cipher feedback begins anew after the
 * prefix, with the ciphertext of the prefix but its first two bytes.
 */
export async function* unprotectedContent(
  body: AsyncIterable<Buffer>,
  key: BodyKey,
): AsyncGenerator<Buffer, void, undefined> {
  const prefix = Buffer.alloc(prefixBytes(key));
  let filled = 0;
  async function* rest(): AsyncGenerator<Buffer, void, undefined> {
    for await (const run of body) {
      const count = run.copy(prefix, filled);
      filled += count;
      if (count < run.length) yield run.subarray(count);
    }
  }
  const runs = rest();
  const first = await runs.next();
  if (filled < prefix.length) {
    throw new PlaintextFault('truncated', `its encrypted packet has only ${filled} bytes`);
  }
  async function* all(): AsyncGenerator<Buffer, void, undefined> {
    if (first.done !== true) yield first.value;
    yield* runs;
  }
  yield* decryptBlocks(all(), { ...key, iv: prefix.subarray(2) }, () => false);
}

function prefixBytes(key: BodyKey): number {
  return key.cipher.blockBytes + 2;
}

/**
 * Gathers a body into blocks and decrypts them. A block belongs to the receiver, unless
 * `mayReuse` says after it that it was not kept.
 */
async function* decryptBlocks(
  body: AsyncIterable<Buffer>,
  key: BodyKey & { readonly iv?: Uint8Array },
  mayReuse: () => boolean,
): AsyncGenerator<Buffer, void, undefined> {
  const iv = key.iv ?? Buffer.alloc(key.cipher.blockBytes);
  const decryptor = new FeedbackDecryptor(key.cipher, key.bytes, iv);
  let block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  let filled = 0;
  for await (const run of body) {
    for (let from = 0; from < run.length; ) {
      const count = run.copy(block, filled, from);
      from += count;
      filled += count;
      if (filled < BLOCK_BYTES) continue;
      decryptor.decrypt(block);
      yield block;
      if (!mayReuse()) block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      filled = 0;
    }
  }
  if (filled === 0) return;
  const last = block.subarray(0, filled);
  decryptor.decrypt(last);
  yield last;
}

/** The bytes from `from` on, `count` of them; the rest is read and left out. */
async function* window(
  blocks: AsyncIterable<Buffer>,
  from: number,
  count: number,
): AsyncGenerator<Buffer, void, undefined> {
  let at = -from;
  for await (const block of blocks) {
    const bytes = block.subarray(Math.max(0, -at), Math.max(0, count - at));
    at += block.length;
    if (bytes.length > 0) yield bytes;
  }
}
