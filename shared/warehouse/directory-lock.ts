/**
 * Who has a data directory. The engine locks the directory itself but cannot say who holds it, so a
 * small file beside the directory names the process and since when, for the next one to be told.
 *
 *   edxstream-data/          the engine's directory
 *   edxstream-data.lock      { pid, host, command, since }
 *
 * The file is written under another name and then linked, so it is never seen without its owner. That of
 * a process which was killed is replaced, and who replaces it must have a lock for that first: of several
 * that find it, one would otherwise remove what another has just put there.
 */
import { createHash, randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { EdxstreamError } from '#shared/errors';

export interface DirectoryOwner {
  readonly pid: number;
  readonly host: string;
  readonly command: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

export function lockPath(directory: string): string {
  return `${directory.replace(/\/+$/, '')}.lock`;
}

/** Who has the directory now, or undefined. An owner whose process is gone does not count. */
export function directoryOwner(directory: string): DirectoryOwner | undefined {
  return livingOwner(textOf(lockPath(directory)));
}

/**
 * Takes the directory for this process and returns what gives it back.
 * @throws EdxstreamError DATA_DIRECTORY_BUSY with who has it and since when.
 */
export function lockDirectory(directory: string, command: string): () => void {
  const path = lockPath(directory);
  const since = new Date().toISOString();
  const owner: DirectoryOwner = { pid: process.pid, host: hostname(), command, since };
  let other: DirectoryOwner | undefined;
  try {
    other = take(path, `${JSON.stringify(owner)}\n`);
  } catch (error) {
    throw new EdxstreamError(
      'DATA_DIRECTORY_UNUSABLE',
      `The data directory ${directory} cannot be used: ${String(error)}`,
      { cause: error },
    );
  }
  if (other !== undefined) throw busy(directory, other);
  return () => rmSync(path, { force: true });
}

/** Puts `text` at `path` if nobody who lives has put something there; else returns who has. */
function take(path: string, text: string): DirectoryOwner | undefined {
  const own = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  writeFileSync(own, text, { flag: 'wx', mode: 0o600 });
  try {
    for (;;) {
      if (isLinked(own, path)) return undefined;
      const found = textOf(path);
      if (found === undefined) continue; // given back in between
      const owner = livingOwner(found);
      if (owner !== undefined) return owner;
      const right = `${path}.${createHash('sha256').update(found).digest('hex').slice(0, 8)}`;
      const faster = take(right, text);
      if (faster !== undefined) return faster;
      try {
        // Who was faster may be done already, and what stands there now be that of somebody who lives.
        if (textOf(path) !== found) continue;
        renameSync(own, path);
        return undefined;
      } finally {
        rmSync(right, { force: true });
      }
    }
  } finally {
    rmSync(own, { force: true });
  }
}

function isLinked(own: string, path: string): boolean {
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function busy(directory: string, owner: DirectoryOwner): EdxstreamError {
  const who = `\`edxstream ${owner.command}\` (process ${owner.pid} on ${owner.host}) since ${owner.since}`;
  return new EdxstreamError(
    'DATA_DIRECTORY_BUSY',
    `The data directory ${directory} is in use by ${who}.`,
  );
}

function livingOwner(text = ''): DirectoryOwner | undefined {
  const owner = parseOwner(text);
  return owner?.host === hostname() && !isAlive(owner.pid) ? undefined : owner;
}

function parseOwner(text: string): DirectoryOwner | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, host, command, since } = value as Record<string, unknown>; // checked member by member
    return typeof pid === 'number' &&
      typeof host === 'string' &&
      typeof command === 'string' &&
      typeof since === 'string'
      ? { pid, host, command, since }
      : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
