/**
 * A range of an object, in order and each byte once, however often the way to the store breaks.
 *
 *   GET bytes=0-999   |=======x                 cut, or silent for `stallMs`
 *   GET bytes=420-999        |=====x            asked again from where it broke off
 *   GET bytes=700-999              |=======|
 *
 * Every request carries the ETag that was indexed: where the object was replaced in between, the
 * reading ends with an `ObjectReplaced`, and no byte of one version is ever put to those of another.
 */
import type { Readable } from 'node:stream';
import { backOff, isTransient } from './retry.js';
import { clientOf } from './store-client.js';
import { asStoreError, isReplaced } from './store-errors.js';
import { formatObjectAddress, type StoredObject } from './stored-object.js';

export interface ByteRange {
  readonly offset: number;
  readonly bytes: number;
}

/** The object is not the one that was indexed any more. */
export class ObjectReplaced extends Error {
  constructor(object: StoredObject) {
    super(`${formatObjectAddress(object)} was replaced or removed after it was indexed`);
    this.name = 'ObjectReplaced';
  }
}

/**
 * Yields chunks as they come.
 * @throws ObjectReplaced, or EdxstreamError S3_….
 */
export async function* readRange(
  object: StoredObject,
  { offset, bytes }: ByteRange,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const end = offset + bytes;
  let position = offset;
  let failures = 0;
  while (position < end) {
    let body: Readable | undefined;
    try {
      body = await request(object, { offset: position, bytes: end - position }, signal);
      for await (const chunk of untilStall(body, object.store.stallMs)) {
        failures = 0;
        position += chunk.length;
        yield chunk;
      }
      if (position >= end) return;
      throw new Error(`the body ended ${end - position} bytes early`);
    } catch (error) {
      signal?.throwIfAborted();
      if (isReplaced(error)) throw new ObjectReplaced(object);
      failures += 1;
      const told = asStoreError(error, object);
      if (!isTransient(told) || failures >= object.store.attemptsMax) throw told;
    } finally {
      body?.destroy();
    }
    await backOff(failures, signal);
  }
}

/** A range in one piece. */
export async function readBytes(
  object: StoredObject,
  range: ByteRange,
  signal?: AbortSignal,
): Promise<Buffer> {
  const target = Buffer.allocUnsafeSlow(range.bytes);
  let filled = 0;
  for await (const chunk of readRange(object, range, signal)) filled += chunk.copy(target, filled);
  return target;
}

async function request(
  object: StoredObject,
  { offset, bytes }: ByteRange,
  signal: AbortSignal | undefined,
): Promise<Readable> {
  const { store, bucket, key, etag } = object;
  const client = await clientOf(store);
  const { GetObjectCommand } = await import('@aws-sdk/client-s3');
  const { Body } = await client.send(
    new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      IfMatch: etag,
      Range: `bytes=${offset}-${offset + bytes - 1}`,
    }),
    signal === undefined ? {} : { abortSignal: signal },
  );
  // Under Node.js the body is a stream of it; the type also covers browsers.
  return Body as unknown as Readable;
}

/** The chunks of a body, and an error where none comes for too long while one is waited for. */
async function* untilStall(
  body: Readable,
  stallMs: number,
): AsyncGenerator<Buffer, void, undefined> {
  const chunks: AsyncIterator<Buffer> = body[Symbol.asyncIterator]();
  for (;;) {
    const timer = setTimeout(
      () => body.destroy(new Error(`nothing came for ${stallMs} ms`)),
      stallMs,
    );
    try {
      const next = await chunks.next();
      if (next.done === true) return;
      // The clock stands while whoever asked works on what came.
      clearTimeout(timer);
      yield next.value;
    } finally {
      clearTimeout(timer);
    }
  }
}
