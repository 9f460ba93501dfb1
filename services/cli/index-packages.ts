/**
 * Finds and indexes what a person named. A package that cannot be read is a fault beside the others and
 * never stops them.
 */
import type { PackageIndex } from '#shared/packages/package-index';
import { findPackages, type SkippedFile } from '../fetch/find-packages.js';
import { indexPackage } from '../fetch/index-package.js';

export interface IndexedPackages {
  readonly indexes: readonly PackageIndex[];
  readonly skipped: readonly SkippedFile[];
}

export async function indexPackages(
  paths: readonly string[],
  { except, signal }: { readonly except: readonly string[]; readonly signal: AbortSignal },
): Promise<IndexedPackages> {
  const { packages, skipped } = await findPackages(paths, { except });
  const indexes: PackageIndex[] = [];
  const unreadable: SkippedFile[] = [];
  for (const { path } of packages) {
    signal.throwIfAborted();
    try {
      indexes.push(await indexPackage(path));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const reason = `${path} cannot be read: ${why}. Check the disk and the permissions, and run the same command again.`;
      // It looked like a package a moment ago, so it counts as a fault even if it was not named.
      unreadable.push({ path, reason, isExplicit: true });
    }
  }
  return { indexes, skipped: [...skipped, ...unreadable] };
}
