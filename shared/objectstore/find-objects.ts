/** What a store holds: one object by its key, or all whose keys begin alike, in the order of their keys. */
import { asking } from './retry.js';
import { clientOf } from './store-client.js';
import { asStoreError, statusOf } from './store-errors.js';
import type { ObjectAddress, StoredObject, StoreSettings } from './stored-object.js';

/** As many keys as a store tells in one answer. */
const KEYS_PER_REQUEST = 1000;

/** The object under a key; undefined where there is none. */
export async function lookUpObject(
  store: StoreSettings,
  { bucket, key }: ObjectAddress,
  signal?: AbortSignal,
): Promise<StoredObject | undefined> {
  const client = await clientOf(store);
  const { HeadObjectCommand, ListObjectsV2Command } = await import('@aws-sdk/client-s3');
  const abort = signal === undefined ? {} : { abortSignal: signal };
  try {
    const command = new HeadObjectCommand({ Bucket: bucket, Key: key });
    const head = await asking({ store, bucket, key }, () => client.send(command, abort), signal);
    return { store, bucket, key, etag: head.ETag ?? '', bytes: head.ContentLength ?? 0 };
  } catch (error) {
    signal?.throwIfAborted();
    if (statusOf(error) === 404) return undefined;
    if (statusOf(error) === 0) throw asStoreError(error, { store, bucket, key });
    // The answer to HEAD has no body and so no reason; a listing is refused for the same one, and says it.
    const listing = new ListObjectsV2Command({ Bucket: bucket, Prefix: key, MaxKeys: 1 });
    const reason = await client.send(listing, abort).then(
      () => error,
      (said: unknown) => said,
    );
    throw asStoreError(reason, { store, bucket, key });
  }
}

/** Objects whose keys begin with `prefix` and, where it is given, come after `after`. */
export async function* listObjects(
  store: StoreSettings,
  {
    bucket,
    prefix,
    after,
  }: { readonly bucket: string; readonly prefix: string; readonly after?: string },
  signal?: AbortSignal,
): AsyncGenerator<StoredObject, void, undefined> {
  const client = await clientOf(store);
  const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
  let next: string | undefined;
  do {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      MaxKeys: KEYS_PER_REQUEST,
      ...(after !== undefined && { StartAfter: after }),
      ...(next !== undefined && { ContinuationToken: next }),
    });
    try {
      const page = await asking(
        { store, bucket, key: prefix },
        () => client.send(command, signal === undefined ? {} : { abortSignal: signal }),
        signal,
      );
      for (const { Key: key, ETag: etag, Size: bytes } of page.Contents ?? []) {
        // Keys that end in a slash stand for folders, which some tools make.
        if (key === undefined || etag === undefined || key.endsWith('/')) continue;
        yield { store, bucket, key, etag, bytes: bytes ?? 0 };
      }
      next = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } catch (error) {
      signal?.throwIfAborted();
      throw asStoreError(error, { store, bucket, key: prefix });
    }
  } while (next !== undefined);
}
