/**
 * From `s3://bucket/key-or-prefix` to the objects that are packages. A key is taken as it is, whatever it
 * is called; of a prefix those whose names say that they are packages or parts of one, because looking into
 * every object would be a request each. What is passed over comes back as skipped, with the reason.
 */
import { EdxstreamError } from '#shared/errors';
import { listObjects, lookUpObject } from '#shared/objectstore/find-objects';
import {
  formatObjectAddress,
  type ObjectAddress,
  type StoredObject,
  type StoreSettings,
} from '#shared/objectstore/stored-object';
import { parseDatabaseFileName } from '#shared/packages/database-file-name';
import { parseLogFilePath } from '#shared/packages/log-file-path';
import type { SkippedFile } from './find-packages.js';

export interface FoundObjects {
  readonly objects: readonly StoredObject[];
  readonly skipped: readonly SkippedFile[];
}

export async function findObjects(
  address: ObjectAddress,
  { store, signal }: { readonly store: StoreSettings; readonly signal?: AbortSignal },
): Promise<FoundObjects> {
  const { bucket, key } = address;
  if (key !== '' && !key.endsWith('/')) {
    const object = await lookUpObject(store, address, signal);
    if (object !== undefined) return { objects: [object], skipped: [] };
  }
  const objects: StoredObject[] = [];
  const skipped: SkippedFile[] = [];
  for await (const object of listObjects(store, { bucket, prefix: key }, signal)) {
    if (isPackageName(object.key)) {
      objects.push(object);
    } else {
      const path = formatObjectAddress(object);
      const reason = `${path} is no package by its name. Give its whole key to have it looked into.`;
      skipped.push({ path, reason, isExplicit: false });
    }
  }
  if (objects.length + skipped.length === 0) {
    throw new EdxstreamError(
      'S3_NOT_FOUND',
      `${formatObjectAddress(address)}: there is no object under this key, and none whose key begins with it.`,
    );
  }
  return { objects, skipped };
}

/** True for one encrypted file under a name of edX's. */
export function isMemberKey(key: string): boolean {
  if (!/\.gpg$/i.test(key)) return false;
  return parseLogFilePath(key).kind === 'keep' || parseDatabaseFileName(key).kind === 'keep';
}

function isPackageName(key: string): boolean {
  return /\.(?:tar|zip)$/i.test(key) || isMemberKey(key);
}
