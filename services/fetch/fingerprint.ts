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

/** Fingerprints of members. A package is open while it is asked about, once for all that ask at that time. */
export class Fingerprints {
  readonly #open = new Map<string, { readonly file: Promise<OpenFile>; users: number }>();

  async of(location: MemberLocation): Promise<string> {
    const { path, fingerprint } = location;
    if (fingerprint !== undefined) return fingerprint;
    const opened = this.#open.get(path) ?? { file: openFile(path), users: 0 };
    this.#open.set(path, opened);
    opened.users += 1;
    try {
      return await fingerprintOf(await opened.file, location);
    } finally {
      opened.users -= 1;
      if (opened.users === 0) {
        this.#open.delete(path);
        // Where it could not be opened, that was told above.
        await opened.file.then((file) => file[Symbol.asyncDispose]()).catch(() => undefined);
      }
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
