/**
 * Reading ranges of a package in a store. A read that nothing holds fetches a piece around it, so that one
 * request brings all that an index needs at the border of two members:
 *
 *   … member N ~~~~~~~~~~~~~~~~~| padding | header N+1 | ~~~~~~~~ member N+1 …
 *                    |<-- tail of N, header and head of N+1: one piece -->|
 *
 * Tail and head are what fingerprints are made of.
 */
import { readBytes } from '#shared/objectstore/read-range';
import type { StoredObject } from '#shared/objectstore/stored-object';
import { EDGE_BYTES } from './fingerprint.js';
import type { RandomAccess } from './random-access.js';
import { BLOCK_BYTES } from './tar-header.js';

/** Reaches back over the padding to the tail of the member before. */
const BEFORE_BYTES = BLOCK_BYTES + EDGE_BYTES;
/** Holds a header with its pax and long-name headers, and the head of the member. */
const PIECE_BYTES = 4096;
/** The piece with the head of a member is still needed when the one with its tail has come. */
const PIECES_MAX = 2;

interface Piece {
  readonly offset: number;
  readonly bytes: Buffer;
}

export function openObject(object: StoredObject, signal?: AbortSignal): RandomAccess {
  const pieces: Piece[] = [];
  return {
    bytes: object.bytes,
    async read(offset, lengthBytes) {
      const end = Math.min(object.bytes, offset + lengthBytes);
      if (end <= offset) return Buffer.alloc(0);
      const held = pieces.find(
        (piece) => piece.offset <= offset && end <= piece.offset + piece.bytes.length,
      );
      const piece = held ?? (await fetchPiece(object, offset, end, signal));
      if (held === undefined) {
        pieces.unshift(piece);
        pieces.length = Math.min(pieces.length, PIECES_MAX);
      }
      return piece.bytes.subarray(offset - piece.offset, end - piece.offset);
    },
  };
}

async function fetchPiece(
  object: StoredObject,
  from: number,
  to: number,
  signal: AbortSignal | undefined,
): Promise<Piece> {
  const offset = Math.max(0, from - BEFORE_BYTES);
  const end = Math.min(object.bytes, Math.max(to, from + PIECE_BYTES));
  return { offset, bytes: await readBytes(object, { offset, bytes: end - offset }, signal) };
}
