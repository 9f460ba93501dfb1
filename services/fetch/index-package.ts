/**
 * Indexes one package without reading any member: its format from its content, its members from
 * headers or directory, what they are from their own names. A tar may hold database files and a zip
 * log files. A single encrypted file is a package of one.
 *
 * Faults of the package are values in the index, so that what can be used is used; only a file that
 * cannot be read at all throws.
 */
import { basename, dirname } from 'node:path';
import type { StoredObject } from '#shared/objectstore/stored-object';
import { parseDatabaseFileName } from '#shared/packages/database-file-name';
import { isServerDirectory, parseLogFilePath } from '#shared/packages/log-file-path';
import type {
  DatabaseFileEntry,
  LogFileEntry,
  PackageFault,
  PackageIndex,
} from '#shared/packages/package-index';
import { type PackageName, parsePackageName } from '#shared/packages/package-name';
import { readFileFormat } from './file-format.js';
import { isMemberKey } from './find-objects.js';
import { fingerprintOfObject } from './fingerprint.js';
import { type KnownIndexes, keptIndexOf, listingOf } from './kept-index.js';
import { type FoundMember, type Listing, listTar, listZip } from './list-members.js';
import { openObject } from './open-object.js';
import { openFile, type RandomAccess } from './random-access.js';

export interface IndexOptions {
  /** The package where it is an object in a store. */
  readonly object?: StoredObject;
  readonly known?: KnownIndexes;
  readonly signal?: AbortSignal;
}

export async function indexPackage(
  path: string,
  options: IndexOptions = {},
): Promise<PackageIndex> {
  const { object } = options;
  if (object !== undefined) return indexObject(path, object, options);
  await using file = await openFile(path);
  return await indexOpened(path, file, undefined);
}

async function indexObject(
  path: string,
  object: StoredObject,
  { known, signal }: IndexOptions,
): Promise<PackageIndex> {
  const { bytes } = object;
  // Of a single message everything is in its name; a request would only tell that it is there.
  if (isMemberKey(object.key)) {
    return sort({ path, format: 'message', bytes }, listMessage(path, bytes, object));
  }
  const kept = await known?.find(object);
  if (kept !== undefined) {
    return sort({ path, format: kept.format, bytes }, listingOf(kept, path, object));
  }
  const source = openObject(object, signal);
  return indexOpened(path, source, { object, ...(known && { known }) });
}

async function indexOpened(
  path: string,
  file: RandomAccess,
  stored: { readonly object: StoredObject; readonly known?: KnownIndexes } | undefined,
): Promise<PackageIndex> {
  const format = await readFileFormat(file);
  // An empty or damaged message under a good name is listed: decrypting it tells what is wrong.
  const isNamedMessage = format.kind === 'foreign' && /\.gpg$/i.test(path);
  const kind = isNamedMessage ? 'message' : format.kind;
  const { bytes } = file;
  switch (kind) {
    case 'tar':
    case 'zip': {
      const list = kind === 'tar' ? listTar : listZip;
      const listing = await list(path, file, stored?.object);
      if (stored !== undefined) await stored.known?.keep(stored.object, keptIndexOf(kind, listing));
      return sort({ path, format: kind, bytes }, listing);
    }
    case 'message': {
      const listing = listMessage(path, bytes, stored?.object);
      const index = sort({ path, format: kind, bytes }, listing);
      return index.unrecognised.length === 0 ? index : asNoPackage(index);
    }
    case 'foreign': {
      const why = format.kind === 'foreign' ? format.detail : '';
      const fault = notAPackage(path, why);
      const nothing = { members: [], unrecognised: [], faults: [fault] };
      return sort({ path, format: 'unknown', bytes }, nothing);
    }
    default:
      return kind satisfies never;
  }
}

function listMessage(path: string, bytes: number, object: StoredObject | undefined): Listing {
  // Somebody's own folder is no server: only a name that can be nothing else is taken for one, or
  // the same file would be another log file in another folder.
  const folder = basename(dirname(path));
  const name = isServerDirectory(folder) ? `${folder}/${basename(path)}` : basename(path);
  const location = {
    ...{ path, offset: 0, bytes, compression: 'none' as const },
    ...(object && { object, fingerprint: fingerprintOfObject(object) }),
  };
  return { members: [{ path: name, location }], unrecognised: [], faults: [] };
}

/** Sorts members by their own names into log files, database files and neither. */
function sort(
  source: Pick<PackageIndex, 'path' | 'format' | 'bytes'>,
  listing: Listing,
): PackageIndex {
  const name = nameOf(source.path, listing.members);
  const logFiles: LogFileEntry[] = [];
  const databaseFiles: DatabaseFileEntry[] = [];
  const unrecognised = [...listing.unrecognised];
  // An archive that was appended to holds a member twice; the later one is meant, as in tar itself.
  const last = new Map(listing.members.map((member) => [plainPath(member.path), member]));
  for (const member of listing.members) {
    const { path, location } = member;
    if (last.get(plainPath(path)) !== member) {
      const detail = `${path} stands in the package again further on; that one is used.`;
      unrecognised.push({ path, reason: 'repeated', detail });
      continue;
    }
    const logFile = parseLogFilePath(path, { organization: name?.organization });
    if (logFile.kind === 'keep') {
      logFiles.push({ ...logFile.value, path, location });
      continue;
    }
    const databaseFile = parseDatabaseFileName(path);
    if (databaseFile.kind === 'keep') {
      databaseFiles.push({ ...databaseFile.value, path, location });
      continue;
    }
    const isLog = /\.log(?:\.gz)?(?:\.gpg)?$/i.test(path);
    const { reason, detail } = isLog ? asReject(logFile) : asReject(databaseFile);
    unrecognised.push({ path, reason, detail });
  }
  const newest = logFiles
    .map((file) => file.logDate)
    .sort()
    .at(-1);
  return {
    ...source,
    kind: kindOf(name, logFiles.length, databaseFiles.length),
    organization: name?.organization ?? logFiles[0]?.organization ?? '',
    packageDate: name?.packageDate ?? newest,
    logFiles,
    databaseFiles,
    unrecognised,
    faults: listing.faults,
  };
}

/** From the file's name, else from the folder all members lie in, which edX names likewise. */
function nameOf(path: string, members: readonly FoundMember[]): PackageName | undefined {
  const named = parsePackageName(path);
  if (named.kind === 'keep') return named.value;
  const folders = new Set(members.map((member) => plainPath(member.path).split('/')[0] ?? ''));
  const [folder] = folders;
  if (folders.size !== 1 || folder === undefined) return undefined;
  for (const candidate of [`${folder}.tar`, `${folder}.zip`]) {
    const inside = parsePackageName(candidate);
    if (inside.kind === 'keep') return inside.value;
  }
  return undefined;
}

function kindOf(
  name: PackageName | undefined,
  logFiles: number,
  databaseFiles: number,
): PackageIndex['kind'] {
  if (logFiles === 0 && databaseFiles === 0) {
    if (name === undefined) return 'unknown';
    return name.kind === 'tracking' ? 'tracking' : 'database';
  }
  return logFiles >= databaseFiles ? 'tracking' : 'database';
}

function plainPath(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

function asNoPackage(index: PackageIndex): PackageIndex {
  const why = index.unrecognised.map(({ detail }) => detail).join(' ');
  return {
    ...index,
    format: 'unknown',
    unrecognised: [],
    faults: [notAPackage(index.path, `it is a single message, and ${why}`)],
  };
}

function notAPackage(path: string, why: string): PackageFault {
  const detail = `${path} is no package: ${why}. Give tracking tars, database zips, or single files under the names edX gave them.`;
  return { reason: 'not-a-package', detail };
}

function asReject(outcome: { readonly kind: string; readonly detail?: string }): {
  reason: 'name-unknown';
  detail: string;
} {
  return { reason: 'name-unknown', detail: outcome.detail ?? '' };
}
