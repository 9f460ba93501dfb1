/**
 * Where the bytes of one member of a package lie, and how to read them.
 *
 *   package on disk   [ header | member bytes | header | member bytes | … ]
 *                              ^offset  ^bytes
 *
 * A location is plain data, so it can be posted to a worker, which opens the file itself, or asks the
 * store for the range: no ciphertext is copied between threads. A source can be opened more than once,
 * because a message is read twice: first to verify it, then to release its plaintext. It is disposed of
 * when the member is done with, as what came from a store is kept until then.
 */
import { open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import { ObjectMember } from '#shared/objectstore/object-member';
import type { StoredObject } from '#shared/objectstore/stored-object';

/** Large enough that a read costs little, small enough that a dozen workers cost little. */
export const READ_BYTES = 1 << 20;

export interface MemberLocation {
  /** The package: a file, or `s3://bucket/key`. */
  readonly path: string;
  /** Where the member's stored bytes begin in the package file. */
  readonly offset: number;
  /** How many bytes are stored. */
  readonly bytes: number;
  /** `deflate` for members that a zip compressed a second time. */
  readonly compression: 'none' | 'deflate';
  /** The package where it is an object in a store. */
  readonly object?: StoredObject;
  /** Known where the index came by head and tail of the member anyway. */
  readonly fingerprint?: string;
}

export interface MemberSource extends AsyncDisposable {
  /** A name for messages to people, such as `prod-edxapp-003/2013-10-22_UniversityA.log.gpg`. */
  readonly name: string;
  /** Reads the member from its start; every call is a reading of its own. */
  open(signal?: AbortSignal): AsyncIterable<Buffer>;
}

/** A source over a byte range of a package. A range past the end of a file just ends early. */
export function openMember(name: string, location: MemberLocation): MemberSource {
  const { object, compression } = location;
  const stored = object === undefined ? undefined : new ObjectMember(object, location);
  const read = (signal?: AbortSignal): AsyncIterable<Buffer> =>
    stored === undefined ? readRange(location, signal) : stored.open(signal);
  return {
    name,
    open: (signal) => (compression === 'deflate' ? inflate(read(signal)) : read(signal)),
    [Symbol.asyncDispose]: async () => stored?.[Symbol.asyncDispose](),
  };
}

async function* readRange(location: MemberLocation, signal?: AbortSignal): AsyncIterable<Buffer> {
  const file = await open(location.path, 'r');
  try {
    let position = location.offset;
    const end = location.offset + location.bytes;
    while (position < end) {
      signal?.throwIfAborted();
      // A fresh buffer for each read: the consumer may keep it.
      const target = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, end - position));
      const { bytesRead } = await file.read(target, 0, target.length, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield target.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function* inflate(stored: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const inflating = createInflateRaw({ chunkSize: READ_BYTES });
  // The callback form, because an error must reach the reader below and not a promise of its own.
  pipeline(Readable.from(stored, { objectMode: true }), inflating, () => {});
  for await (const chunk of inflating) yield chunk;
}
