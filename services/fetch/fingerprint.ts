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
import { type OpenFile, openFile, type RandomAccess } from './random-access.js';

/** A session key sealed with 4096 bits takes 527 bytes. */
export const EDGE_BYTES = 1024;

/** Fingerprints of members; opens each package once, and may be asked for many at a time. */
export class Fingerprints implements AsyncDisposable {
  readonly #files = new Map<string, Promise<OpenFile>>();

  async of(location: MemberLocation): Promise<string> {
    if (location.fingerprint !== undefined) return location.fingerprint;
    let file = this.#files.get(location.path);
    if (file === undefined) {
      file = openFile(location.path);
      this.#files.set(location.path, file);
    }
    return fingerprintOf(await file, location);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of await Promise.allSettled(this.#files.values())) {
      if (opened.status === 'fulfilled') await opened.value[Symbol.asyncDispose]();
    }
  }
}

/** SHA-256, in hex, over the size in decimal, a LF, the head and the tail (overlapping if short). */
export async function fingerprintOf(
  source: RandomAccess,
  { offset, bytes }: { readonly offset: number; readonly bytes: number },
): Promise<string> {
  const edgeBytes = Math.min(EDGE_BYTES, bytes);
  const [head, tail] = await Promise.all([
    source.read(offset, edgeBytes),
    source.read(offset + bytes - edgeBytes, edgeBytes),
  ]);
  return createHash('sha256').update(`${bytes}\n`).update(head).update(tail).digest('hex');
}

export function fingerprintOfObject({ bytes, etag }: StoredObject): string {
  return createHash('sha256').update(`${bytes}\n${etag}`).digest('hex');
}
