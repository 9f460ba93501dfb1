/**
 * What a file is, seen from its first bytes and, for a zip, its last ones. Names are a hint only:
 * people rename downloads. In goes an open file, out comes its format; `foreign` says in words
 * what was found instead, for the message to the person who gave it.
 */
import type { RandomAccess } from './random-access.js';
import { BLOCK_BYTES, looksLikeTar } from './tar-header.js';

export type FileFormat =
  | { readonly kind: 'tar' | 'zip' | 'message' }
  | { readonly kind: 'foreign'; readonly detail: string };

const ZIP_MEMBER = Buffer.from('PK\x03\x04', 'latin1');
const ZIP_END = Buffer.from('PK\x05\x06', 'latin1');
/** The end record of a zip with the longest comment it can have. */
const ZIP_END_BYTES_MAX = 22 + 0xffff;
const ARMOR = Buffer.from('-----BEGIN PGP MESSAGE');
const KEY_ARMOR = /^-----BEGIN PGP (?:PRIVATE|PUBLIC) KEY/;
/** Packets a message begins with: session keys, encrypted contents, a marker. */
const MESSAGE_TAGS: ReadonlySet<number> = new Set([1, 3, 9, 10, 18, 20]);

export async function readFileFormat(source: RandomAccess): Promise<FileFormat> {
  const head = await source.read(0, BLOCK_BYTES);
  if (head.length === 0) return foreign('it is empty');
  if (looksLikeTar(head)) return { kind: 'tar' };
  if (head.subarray(0, 4).equals(ZIP_MEMBER)) return { kind: 'zip' };
  if (isMessage(head)) return { kind: 'message' };
  if (KEY_ARMOR.test(head.toString('latin1', 0, 40))) {
    return foreign('it is an OpenPGP key: give a private key with --key');
  }
  if (head[0] === 0x1f && head[1] === 0x8b) {
    return foreign('it is compressed with gzip: unpack it with `gunzip` and give what comes out');
  }
  if (source.bytes >= 2 * BLOCK_BYTES && head.every((byte) => byte === 0)) {
    const mark = await source.read(BLOCK_BYTES, BLOCK_BYTES);
    if (mark.every((byte) => byte === 0)) return { kind: 'tar' };
  }
  // A damaged tar whose first header is unreadable still says so at this place.
  if (head.toString('latin1', 257, 262) === 'ustar') return { kind: 'tar' };
  const tail = await source.read(Math.max(0, source.bytes - ZIP_END_BYTES_MAX), ZIP_END_BYTES_MAX);
  if (tail.lastIndexOf(ZIP_END) !== -1) return { kind: 'zip' };
  return foreign('it is neither a tar, nor a zip, nor an OpenPGP message');
}

function isMessage(head: Buffer): boolean {
  if (head.subarray(0, ARMOR.length).equals(ARMOR)) return true;
  const first = head[0] ?? 0;
  if ((first & 0x80) === 0) return false;
  const isNewFormat = (first & 0x40) !== 0;
  return MESSAGE_TAGS.has(isNewFormat ? first & 0x3f : (first >> 2) & 0x0f);
}

function foreign(detail: string): FileFormat {
  return { kind: 'foreign', detail };
}
