/**
 * A short proof that a member is the one that was loaded before, without reading it whole.
 *
 *   [ first KiB ] … never read … [ last KiB ]     and the stored size
 *
 * Head and tail suffice. The head holds the session key, which is fresh each time a message is
 * encrypted, sealed for each recipient: the same content encrypted again has another head. The
 * tail holds the integrity code over the whole plaintext. Only somebody who forges a member on
 * purpose changes its middle and keeps both; that member then fails its integrity check if it is
 * ever read.
 *
 * What surprises: of an object that is one message, edX's daily files, it is made of the ETag, because
 * two requests for each of thousands of small objects would cost more than they are.
 */
import { createHash } from 'node:crypto';
import type { StoredObject } from '#shared/objectstore/stored-object';
import type { MemberLocation } from '#shared/packages/member-source';
import { openFile, type RandomAccess } from './random-access.js';

/** A session key sealed with 4096 bits takes 527 bytes. */
export const EDGE_BYTES = 1024;

export async function fingerprint(location: MemberLocation): Promise<string> {
  if (location.fingerprint !== undefined) return location.fingerprint;
  await using file = await openFile(location.path);
  return await fingerprintOf(file, location);
}

/** SHA-256, in hex, over the size in decimal, a LF, the head and the tail (overlapping if short). */
export async function fingerprintOf(
  source: RandomAccess,
  { offset, bytes }: { readonly offset: number; readonly bytes: number },
): Promise<string> {
  const edgeBytes = Math.min(EDGE_BYTES, bytes);
  const head = await source.read(offset, edgeBytes);
  const tail = await source.read(offset + bytes - edgeBytes, edgeBytes);
  return createHash('sha256').update(`${bytes}\n`).update(head).update(tail).digest('hex');
}

export function fingerprintOfObject({ bytes, etag }: StoredObject): string {
  return createHash('sha256').update(`${bytes}\n${etag}`).digest('hex');
}
