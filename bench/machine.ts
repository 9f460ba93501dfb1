/** Where and of what a result is: without it a figure means nothing. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, '..');

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly chdb: string;
  readonly gpg: string;
}

export async function describeMachine(): Promise<Machine> {
  const chdb = await readFile(path.join(ROOT, 'node_modules/chdb/package.json'), 'utf8');
  const gpg = await run('gpg', ['--version']);
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    chdb: JSON.parse(chdb).version,
    gpg: gpg.stdout.split('\n')[0] ?? '',
  };
}

/** The commit that was measured; marked where files had changes. */
export async function describeCommit(): Promise<string> {
  try {
    const { stdout: commit } = await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT });
    const { stdout: changed } = await run('git', ['status', '--porcelain', '-uno'], { cwd: ROOT });
    return `${commit.trim()}${changed.trim() === '' ? '' : ' with changes'}`;
  } catch {
    return 'unknown';
  }
}
