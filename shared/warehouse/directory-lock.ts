/**
 * Who has a data directory. The engine locks the directory itself but cannot say who holds it, so a
 * small file beside the directory names the process and since when, for the next one to be told.
 *
 *   edxstream-data/          the engine's directory
 *   edxstream-data.lock      { pid, host, command, since }
 */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
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
  let text: string;
  try {
    text = readFileSync(lockPath(directory), 'utf8');
  } catch {
    return undefined;
  }
  const owner = parseOwner(text);
  if (owner === undefined) return undefined;
  return owner.host === hostname() && !isAlive(owner.pid) ? undefined : owner;
}

/**
 * Takes the directory for this process and returns what gives it back.
 * @throws EdxstreamError DATA_DIRECTORY_BUSY with who has it and since when.
 */
export function lockDirectory(directory: string, command: string): () => void {
  const path = lockPath(directory);
  for (let attempt = 0; ; attempt += 1) {
    try {
      const file = openSync(path, 'wx', 0o600);
      const owner: DirectoryOwner = {
        pid: process.pid,
        host: hostname(),
        command,
        since: new Date().toISOString(),
      };
      writeSync(file, `${JSON.stringify(owner)}\n`);
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new EdxstreamError(
          'DATA_DIRECTORY_UNUSABLE',
          `The data directory ${directory} cannot be used: ${String(error)}`,
          { cause: error },
        );
      }
    }
    const owner = directoryOwner(directory);
    if (owner !== undefined || attempt > 3) throw busy(directory, owner);
    // Left by a process that was killed. Two that start at once may both remove it, and then the
    // exclusive creation above lets only one of them through.
    rmSync(path, { force: true });
  }
}

function busy(directory: string, owner: DirectoryOwner | undefined): EdxstreamError {
  const who =
    owner === undefined
      ? 'another process'
      : `\`edxstream ${owner.command}\` (process ${owner.pid} on ${owner.host}) since ${owner.since}`;
  return new EdxstreamError(
    'DATA_DIRECTORY_BUSY',
    `The data directory ${directory} is in use by ${who}.`,
  );
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
