/**
 * Finds and indexes what a person named: files, directories, objects in a store. A package that cannot be
 * read is a fault beside the others and never stops them; a store that cannot be reached stops everything.
 */
import { EdxstreamError } from '#shared/errors';
import { lookUpObject } from '#shared/objectstore/find-objects';
import { ObjectReplaced } from '#shared/objectstore/read-range';
import {
  formatObjectAddress,
  parseObjectAddress,
  type StoredObject,
  type StoreSettings,
} from '#shared/objectstore/stored-object';
import type { PackageIndex } from '#shared/packages/package-index';
import { findObjects } from '../fetch/find-objects.js';
import { findPackages, type SkippedFile } from '../fetch/find-packages.js';
import { indexPackage } from '../fetch/index-package.js';
import type { KnownIndexes } from '../fetch/kept-index.js';

export interface IndexedPackages {
  readonly indexes: readonly PackageIndex[];
  readonly skipped: readonly SkippedFile[];
}

export interface IndexPackagesOptions {
  readonly except: readonly string[];
  readonly store: StoreSettings;
  /** Indexes of objects that were made by earlier runs. */
  readonly known?: KnownIndexes;
  readonly signal: AbortSignal;
}

/** An object that is replaced again and again while it is indexed is given up. */
const TRIES_MAX = 5;

export function isInStore(path: string): boolean {
  return parseObjectAddress(path) !== undefined;
}

export async function indexPackages(
  paths: readonly string[],
  options: IndexPackagesOptions,
): Promise<IndexedPackages> {
  const indexes: PackageIndex[] = [];
  const skipped: SkippedFile[] = [];
  const local = await indexFiles(
    paths.filter((path) => !isInStore(path)),
    options,
  );
  const objects = new Map<string, StoredObject>();
  for (const path of paths) {
    const address = parseObjectAddress(path);
    if (address === undefined) continue;
    const found = await findObjects(address, options);
    skipped.push(...found.skipped);
    for (const object of found.objects) objects.set(formatObjectAddress(object), object);
  }
  const stored = await indexObjects([...objects.values()], options);
  indexes.push(...local.indexes, ...stored.indexes);
  skipped.push(...local.skipped, ...stored.skipped);
  return { indexes, skipped };
}

/** Indexes packages of stores once more, as they are now. */
export async function indexAgain(
  indexes: readonly PackageIndex[],
  options: Pick<IndexPackagesOptions, 'known' | 'signal'>,
): Promise<IndexedPackages> {
  const objects: StoredObject[] = [];
  const skipped: SkippedFile[] = [];
  for (const { path, logFiles, databaseFiles } of indexes) {
    const old = [...logFiles, ...databaseFiles][0]?.location.object;
    const latest = old && (await lookUpObject(old.store, old, options.signal));
    if (latest !== undefined) objects.push(latest);
    else skipped.push({ path, reason: `${path} is not there any more.`, isExplicit: true });
  }
  const again = await indexObjects(objects, options);
  return { indexes: again.indexes, skipped: [...skipped, ...again.skipped] };
}

/** Indexes objects, each as it is in its store now. */
export async function indexObjects(
  objects: readonly StoredObject[],
  { known, signal }: Pick<IndexPackagesOptions, 'known' | 'signal'>,
): Promise<IndexedPackages> {
  const indexes: PackageIndex[] = [];
  const skipped: SkippedFile[] = [];
  for (const object of objects) {
    const path = formatObjectAddress(object);
    const index = await indexLatest(object, { ...(known && { known }), signal });
    if (index !== undefined) {
      indexes.push(index);
      continue;
    }
    const reason = `${path} was removed, or is replaced again and again. Run the same command again when the delivery is complete.`;
    skipped.push({ path, reason, isExplicit: true });
  }
  return { indexes, skipped };
}

async function indexLatest(
  object: StoredObject,
  options: { readonly known?: KnownIndexes; readonly signal: AbortSignal },
): Promise<PackageIndex | undefined> {
  let latest: StoredObject | undefined = object;
  for (let tries = 0; tries < TRIES_MAX && latest !== undefined; tries += 1) {
    options.signal.throwIfAborted();
    try {
      return await indexPackage(formatObjectAddress(latest), { object: latest, ...options });
    } catch (error) {
      if (!(error instanceof ObjectReplaced)) throw error;
      latest = await lookUpObject(object.store, object, options.signal);
    }
  }
  return undefined;
}

async function indexFiles(
  paths: readonly string[],
  { except, signal }: IndexPackagesOptions,
): Promise<IndexedPackages> {
  const { packages, skipped } = await findPackages(paths, { except });
  const indexes: PackageIndex[] = [];
  const unreadable: SkippedFile[] = [];
  for (const { path } of packages) {
    signal.throwIfAborted();
    try {
      indexes.push(await indexPackage(path));
    } catch (error) {
      if (error instanceof EdxstreamError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      const reason = `${path} cannot be read: ${why}. Check the disk and the permissions, and run the same command again.`;
      // It looked like a package a moment ago, so it counts as a fault even if it was not named.
      unreadable.push({ path, reason, isExplicit: true });
    }
  }
  return { indexes, skipped: [...skipped, ...unreadable] };
}
