/**
 * Makes a directory with the parents that it lacks, for this user alone (mode 0700).
 *
 * It goes step by step, because Node's own recursive mkdir never returns where the system says ENOENT
 * below a parent that exists, as it does below /proc (Node 20).
 */
import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Rejects with the system's error where the path is a file, or cannot be made or read. */
export async function makePrivateDirectory(path: string): Promise<void> {
  if (await isThere(path)) {
    await readdir(path);
    return;
  }
  const parent = dirname(path);
  if (parent !== path && !(await isThere(parent))) await makePrivateDirectory(parent);
  await mkdir(path, { mode: 0o700 });
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
