/**
 * The members of a zip, from the directory at its end; no body is read.
 *
 *   [local header | body] [local header | body] … [directory: one entry a member] [end record]
 *
 * yauzl reads the directory (with zip64); the checks are ours, because yauzl ends the whole walk at
 * the first odd name, and here one bad member must not cost the others. What surprises: members
 * are ciphertext, which does not compress, so a member that claims to unpack to 200 times its size
 * is a bomb, and so are two members that share bytes.
 */
import {
  type Entry,
  fromRandomAccessReaderPromise,
  getFileNameLowLevel,
  type ZipFile,
} from 'yauzl';
import type { RandomAccess } from './random-access.js';
import { ZipReader } from './zip-reader.js';

const RATIO_MAX = 200;
/** Entries of a directory are short and stand together. */
const DIRECTORY_WINDOW_BYTES = 1 << 16;
/** A local header with its name; bodies begin right behind it. */
const LOCAL_WINDOW_BYTES = 512;

const STORED = 0;
const DEFLATE = 8;

export interface ZipMember {
  readonly kind: 'member';
  readonly path: string;
  readonly isDirectory: boolean;
  readonly offset: number;
  readonly bytes: number;
  readonly compression: 'none' | 'deflate';
}

export interface ZipFault {
  readonly kind: 'fault';
  readonly reason: 'zip-damaged' | 'member-refused';
  readonly path?: string;
  readonly detail: string;
}

interface NamedEntry {
  readonly path: string;
  readonly entry: Entry;
}

/** Members in the order of their bytes, then what is wrong. Nothing that was read is held back. */
export async function readZipDirectory(
  source: RandomAccess,
  /** Called for each member once the header behind it was read, or all were. */
  onPassed: (member: ZipMember) => Promise<void> = async () => {},
): Promise<{
  readonly members: readonly ZipMember[];
  readonly faults: readonly ZipFault[];
}> {
  const reader = new ZipReader(source, DIRECTORY_WINDOW_BYTES);
  const faults: ZipFault[] = [];
  let zip: ZipFile;
  try {
    zip = await fromRandomAccessReaderPromise(reader, source.bytes, {
      autoClose: false,
      lazyEntries: true,
      // Names and sizes are judged below, one member at a time.
      decodeStrings: false,
      validateEntrySizes: false,
    });
  } catch (error) {
    return { members: [], faults: [damaged(error, 'No member can be found.')] };
  }
  const entries: NamedEntry[] = [];
  try {
    for await (const entry of zip.eachEntry()) {
      const named = { path: nameOf(entry), entry };
      const refusal = whyRefused(named);
      if (refusal === undefined) entries.push(named);
      else faults.push(refused(named.path, refusal));
    }
  } catch (error) {
    const rest = zip.entryCount - zip.entriesRead;
    faults.push(
      damaged(error, `${rest} of ${zip.entryCount} members cannot be found; the others are used.`),
    );
  }

  entries.sort((a, b) => a.entry.relativeOffsetOfLocalHeader - b.entry.relativeOffsetOfLocalHeader);
  reader.windowBytes = LOCAL_WINDOW_BYTES;
  const members: ZipMember[] = [];
  let endOfPrevious = 0;
  for (const { path, entry } of entries) {
    if (entry.relativeOffsetOfLocalHeader < endOfPrevious) {
      faults.push(refused(path, 'its bytes are also those of another member'));
      continue;
    }
    try {
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
      endOfPrevious = fileDataStart + entry.compressedSize;
      const passed = members.at(-1);
      if (passed !== undefined) await onPassed(passed);
      members.push({
        kind: 'member',
        path,
        isDirectory: path.endsWith('/'),
        offset: fileDataStart,
        bytes: entry.compressedSize,
        compression: entry.compressionMethod === DEFLATE ? 'deflate' : 'none',
      });
    } catch (error) {
      faults.push(damaged(error, `${path} cannot be found; the others are used.`, path));
    }
  }
  const last = members.at(-1);
  if (last !== undefined) await onPassed(last);
  return { members, faults };
}

function nameOf(entry: Entry): string {
  // This also turns back slashes of Windows writers into slashes, and knows the UTF-8 name field.
  return getFileNameLowLevel(
    entry.generalPurposeBitFlag,
    entry.fileNameRaw,
    entry.extraFields,
    false,
  );
}

function whyRefused({ path, entry }: NamedEntry): string | undefined {
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'its name is an absolute path';
  if (path.split('/').includes('..')) return 'its name leads out of the package';
  if (entry.isEncrypted()) return 'it is encrypted by the zip itself, which edX never does';
  const { compressionMethod: method, compressedSize, uncompressedSize } = entry;
  if (method !== STORED && method !== DEFLATE) {
    return `its compression method ${method} is not supported`;
  }
  if (method === STORED && compressedSize !== uncompressedSize) {
    return `it is stored, but in ${compressedSize} bytes instead of ${uncompressedSize}`;
  }
  if (uncompressedSize > compressedSize * RATIO_MAX) {
    return `it claims to unpack from ${compressedSize} to ${uncompressedSize} bytes, which an encrypted file cannot`;
  }
  return undefined;
}

function refused(path: string, why: string): ZipFault {
  return {
    kind: 'fault',
    reason: 'member-refused',
    path,
    detail: `${path} is refused: ${why}. Ask who delivered the zip; the other members are used.`,
  };
}

function damaged(error: unknown, consequence: string, path?: string): ZipFault {
  const why = error instanceof Error ? error.message : String(error);
  return {
    kind: 'fault',
    reason: 'zip-damaged',
    detail: `The directory of the zip is damaged or cut off (${why}). ${consequence} Download the zip again.`,
    ...(path !== undefined && { path }),
  };
}
