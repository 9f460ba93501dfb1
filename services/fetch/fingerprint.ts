/**
 * A short proof that a member is the one that was loaded before, without reading it whole.
 *
 *   [ first 64 KiB ] … never read … [ last 64 KiB ]     and the stored size
 *
 * Head and tail suffice. The head holds the session key, which is fresh each time a message is
 * encrypted, sealed for each recipient: the same content encrypted again has another head. The
 * tail holds the integrity code over the whole plaintext. Only somebody who forges a member on
 * purpose changes its middle and keeps both; that member then fails its integrity check if it is
 * ever read.
 */
import { createHash } from 'node:crypto';
import type { MemberLocation } from '#shared/packages/member-source';
import { openFile } from './random-access.js';

const EDGE_BYTES = 64 * 1024;

/** SHA-256, in hex, over the size in decimal, a LF, the head and the tail (overlapping if short). */
export async function fingerprint(location: MemberLocation): Promise<string> {
  await using file = await openFile(location.path);
  const edgeBytes = Math.min(EDGE_BYTES, location.bytes);
  const head = await file.read(location.offset, edgeBytes);
  const tail = await file.read(location.offset + location.bytes - edgeBytes, edgeBytes);
  return createHash('sha256').update(`${location.bytes}\n`).update(head).update(tail).digest('hex');
}
