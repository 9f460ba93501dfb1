/**
 * A file system of a few megabytes, for what happens when a disk is full: a tmpfs, which only root on
 * Linux may mount.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whether this process may mount; tests that need it say by name that they were not run. */
export async function canMount(directory: string): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  await mkdir(directory, { recursive: true });
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', directory]).status === 0;
  if (isMounted) await run('umount', [directory]);
  return isMounted;
}

export class SmallDisk implements AsyncDisposable {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async mount(directory: string, mebibytes: number): Promise<SmallDisk> {
    await mkdir(directory, { recursive: true });
    await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', directory]);
    return new SmallDisk(directory);
  }

  async resize(mebibytes: number): Promise<void> {
    await run('mount', ['-o', `remount,size=${mebibytes}m`, this.directory]);
  }

  async makeReadOnly(): Promise<void> {
    await run('mount', ['-o', 'remount,ro', this.directory]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run('umount', [this.directory]);
    await rm(this.directory, { recursive: true, force: true });
  }
}
