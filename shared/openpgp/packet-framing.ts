/**
 * The frame around every OpenPGP packet: a tag and a length, in the formats of RFC 4880 section 4.2.
 *
 *   old   10tttt00 nn            10tttt01 nn nn        10tttt10 nn nn nn nn     10tttt11 (to the end)
 *   new   11tttttt nn (< 192)    11tttttt 192+ nn      11tttttt 255 nn nn nn nn
 *   new, in parts                11tttttt 224+p [2^p bytes] 224+p [2^p bytes] … nn [nn bytes]
 *
 * GnuPG writes parts of 8 KiB where it does not know the length beforehand, which is the case for
 * everything that comes from a pipe. The body of a packet leaves here without the part lengths.
 */
import type { ByteCursor } from './byte-cursor.js';
import { PlaintextFault } from './message-fault.js';

export interface PacketHeader {
  readonly tag: number;
  /** Where the packet begins, in bytes from the start of its stream. */
  readonly offset: number;
  readonly length: PacketLength;
}

export type PacketLength =
  | { readonly kind: 'known'; readonly bytes: number }
  | { readonly kind: 'part'; readonly bytes: number }
  | { readonly kind: 'to-the-end' };

export const TAG = {
  publicKeySessionKey: 1,
  signature: 2,
  passphraseSessionKey: 3,
  onePassSignature: 4,
  secretKey: 5,
  publicKey: 6,
  compressed: 8,
  encryptedWithoutIntegrity: 9,
  marker: 10,
  literal: 11,
  trust: 12,
  publicSubkey: 14,
  encryptedWithIntegrity: 18,
  encryptedWithOcb: 20,
  padding: 21,
} as const;

/** Reads one header; undefined where the stream ends before it, as it should after the last packet. */
export async function readPacketHeader(cursor: ByteCursor): Promise<PacketHeader | undefined> {
  const offset = cursor.position;
  const first = (await cursor.peek(1))[0];
  if (first === undefined) return undefined;
  if ((first & 0x80) === 0) {
    throw new PlaintextFault(
      'damaged',
      `byte ${offset} begins no OpenPGP packet (it is ${first}, a packet begins with 128 or more)`,
    );
  }
  if ((first & 0x40) !== 0) {
    cursor.skip(1);
    return { tag: first & 0x3f, offset, length: await readLength(cursor) };
  }
  const tag = (first >> 2) & 0x0f;
  const lengthType = first & 0x03;
  if (lengthType === 3) {
    cursor.skip(1);
    return { tag, offset, length: { kind: 'to-the-end' } };
  }
  const count = 1 << lengthType;
  const header = await cursor.peek(1 + count);
  if (header.length < 1 + count) throw endsInside(offset);
  const bytes = header.readUIntBE(1, count);
  cursor.skip(1 + count);
  return { tag, offset, length: { kind: 'known', bytes } };
}

/**
 * The body of the packet whose header was just read. Parts that lie in one chunk are moved together
 * in place, over the part lengths between them: one view of a mebibyte instead of 128 views costs
 * less than everything that would have to be done 128 times. So the chunks must be the cursor's own
 * (`isOwned`); where they are not, each part comes as it lies.
 */
export async function* packetBody(
  cursor: ByteCursor,
  header: PacketHeader,
  { isOwned }: { readonly isOwned: boolean },
): AsyncGenerator<Buffer, void, undefined> {
  let { length } = header;
  if (length.kind === 'to-the-end') {
    for (;;) {
      const run = await cursor.some(Number.POSITIVE_INFINITY);
      if (run === undefined) return;
      yield run;
    }
  }
  for (;;) {
    let left = length.bytes;
    while (left > 0) {
      const run = await cursor.some(left);
      if (run === undefined) throw endsInside(header.offset);
      left -= run.length;
      if (left > 0 || length.kind === 'known' || !isOwned) {
        yield run;
        continue;
      }
      const joined = joinParts(cursor, run);
      if (joined.bytes.length > 0) yield joined.bytes;
      if (joined.length !== undefined) {
        length = joined.length;
        left = joined.left;
      }
    }
    if (length.kind === 'known') return;
    length = await readLength(cursor);
  }
}

interface JoinedParts {
  readonly bytes: Buffer;
  /** The last length met, where the chunk reaches into or past its part; undefined for none. */
  readonly length: Exclude<PacketLength, { kind: 'to-the-end' }> | undefined;
  /** How much of that part lies beyond the chunk. */
  readonly left: number;
}

/** Moves what follows `run` in the same chunk to its end, as far as the chunk goes. */
function joinParts(cursor: ByteCursor, run: Buffer): JoinedParts {
  const reach = run.length + cursor.ready.length;
  // `run` and what is ready are neighbours in one chunk, so this view covers both.
  const chunk = Buffer.from(run.buffer, run.byteOffset, reach);
  let filled = run.length;
  let length: JoinedParts['length'];
  let left = 0;
  while (left === 0 && length?.kind !== 'known') {
    const parsed = parseLength(cursor.ready);
    if (parsed === undefined) break;
    cursor.skip(parsed.count);
    length = parsed.length;
    const here = Math.min(length.bytes, cursor.ready.length);
    const from = reach - cursor.ready.length;
    chunk.copyWithin(filled, from, from + here);
    cursor.skip(here);
    filled += here;
    left = length.bytes - here;
  }
  return { bytes: chunk.subarray(0, filled), length, left };
}

async function readLength(
  cursor: ByteCursor,
): Promise<Exclude<PacketLength, { kind: 'to-the-end' }>> {
  const offset = cursor.position;
  const parsed = parseLength(await cursor.peek(5));
  if (parsed === undefined) throw endsInside(offset);
  cursor.skip(parsed.count);
  return parsed.length;
}

function parseLength(
  bytes: Buffer,
):
  | { readonly count: number; readonly length: Exclude<PacketLength, { kind: 'to-the-end' }> }
  | undefined {
  const first = bytes[0];
  if (first === undefined) return undefined;
  if (first < 192) return { count: 1, length: { kind: 'known', bytes: first } };
  if (first < 224) {
    const second = bytes[1];
    if (second === undefined) return undefined;
    return { count: 2, length: { kind: 'known', bytes: ((first - 192) << 8) + second + 192 } };
  }
  // 2^30 is the largest part there is, so the shift stays positive.
  if (first < 255) return { count: 1, length: { kind: 'part', bytes: 1 << (first & 0x1f) } };
  if (bytes.length < 5) return undefined;
  return { count: 5, length: { kind: 'known', bytes: bytes.readUInt32BE(1) } };
}

function endsInside(offset: number): PlaintextFault {
  return new PlaintextFault(
    'truncated',
    `it ends inside the OpenPGP packet that begins at byte ${offset}`,
  );
}
