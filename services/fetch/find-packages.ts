/**
 * From what a person typed (files, directories, both) to the files that are packages. Directories
 * are searched to the bottom; what each file is, is seen from its content, because downloads are
 * renamed. Nothing is passed over in silence: a file that is no package comes back as skipped, with
 * the reason, and whether it was named explicitly (then it is a fault) or only lay in a directory.
 *
 * What surprises: symbolic links inside a directory are not followed, so that a search ends and
 * stays where it was sent; a link that is named explicitly is. Hidden files and directories, and
 * the `except`ed ones (the data directory of the warehouse), are not looked at at all.
 */
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EdxstreamError } from '#shared/errors';
import { parseDatabaseFileName } from '#shared/packages/database-file-name';
import { parseLogFilePath } from '#shared/packages/log-file-path';
import { readFileFormat } from './file-format.js';
import { openFile } from './random-access.js';

export interface FoundPackage {
  readonly path: string;
  readonly bytes: number;
  readonly format: 'tar' | 'zip' | 'message';
}

export interface SkippedFile {
  readonly path: string;
  /** What it is instead, and what to do about it. */
  readonly reason: string;
  /** True where the person named this file: that makes it a fault, exit status 1. */
  readonly isExplicit: boolean;
}

export interface FoundPackages {
  /** In the order of the arguments; inside a directory by name. Each file once. */
  readonly packages: readonly FoundPackage[];
  readonly skipped: readonly SkippedFile[];
}

interface Candidate {
  readonly path: string;
  readonly isExplicit: boolean;
}

export async function findPackages(
  paths: readonly string[],
  { except = [] }: { readonly except?: readonly string[] } = {},
): Promise<FoundPackages> {
  const packages: FoundPackage[] = [];
  const skipped: SkippedFile[] = [];
  const excepted = new Set(await Promise.all(except.map(trueName)));
  const seen = new Set<string>();
  for (const path of paths) {
    for await (const candidate of walk(path, excepted)) {
      if ('reason' in candidate) {
        skipped.push(candidate);
        continue;
      }
      const name = await trueName(candidate.path);
      if (seen.has(name)) continue;
      seen.add(name);
      const found = await examine(candidate);
      if ('reason' in found) skipped.push(found);
      else packages.push(found);
    }
  }
  return { packages, skipped };
}

async function* walk(
  path: string,
  excepted: ReadonlySet<string>,
): AsyncGenerator<Candidate | SkippedFile> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new EdxstreamError('INPUT_NOT_FOUND', `${path} cannot be read: ${codeOf(cause)}.`, {
      cause,
    });
  });
  if (found.isDirectory()) yield* walkDirectory(path, excepted);
  else if (found.isFile()) yield { path, isExplicit: true };
  else yield { path, isExplicit: true, reason: `${path} is neither a file nor a directory.` };
}

async function* walkDirectory(
  directory: string,
  excepted: ReadonlySet<string>,
): AsyncGenerator<Candidate | SkippedFile> {
  let entries: Dirent[];
  try {
    entries = await readdir(directory, { withFileTypes: true });
  } catch (error) {
    const reason = `${directory} cannot be read: ${codeOf(error)}. Change its permissions, or leave it out.`;
    yield { path: directory, isExplicit: false, reason };
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      if (!excepted.has(await trueName(path))) yield* walkDirectory(path, excepted);
    } else if (entry.isFile()) {
      yield { path, isExplicit: false };
    } else {
      const what = entry.isSymbolicLink() ? 'a symbolic link' : 'not a regular file';
      const reason = `${path} is ${what}, which is not followed. Name it on the command line to use it.`;
      yield { path, isExplicit: false, reason };
    }
  }
}

async function examine({ path, isExplicit }: Candidate): Promise<FoundPackage | SkippedFile> {
  try {
    await using file = await openFile(path);
    const format = await readFileFormat(file);
    if (format.kind === 'tar' || format.kind === 'zip') {
      return { path, bytes: file.bytes, format: format.kind };
    }
    const isNamed = isMemberName(path);
    // Under a good name even a damaged message is taken: decrypting it tells what is wrong.
    if (isNamed && (format.kind === 'message' || path.toLowerCase().endsWith('.gpg'))) {
      return { path, bytes: file.bytes, format: 'message' };
    }
    const why =
      format.kind === 'foreign'
        ? format.detail
        : 'it is an encrypted message under a name that is neither of a log file nor of a database file';
    return { path, isExplicit, reason: `${path} is no package: ${why}.` };
  } catch (error) {
    const reason = `${path} cannot be read: ${codeOf(error)}. Change its permissions, or leave it out.`;
    return { path, isExplicit, reason };
  }
}

function isMemberName(path: string): boolean {
  // The organization may be missing from a loose log file, as it may inside a package.
  return parseLogFilePath(path).kind === 'keep' || parseDatabaseFileName(path).kind === 'keep';
}

/** The one name of a file or directory that is reached by several. */
async function trueName(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) {
    if (error.code === 'ENOENT') return 'it does not exist';
    if (error.code === 'EACCES') return 'this user may not read it';
  }
  return error instanceof Error ? error.message : String(error);
}
