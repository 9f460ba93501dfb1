/**
 * Opens packages with tar and gpg, as a person would, and gives the plaintext of every member by its
 * name without `.gpg`. Zips are read with yauzl, since unzip is not everywhere.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openPromise } from 'yauzl';

export async function openPackages(
  packages: readonly string[],
  secretKey: string,
): Promise<Map<string, Buffer>> {
  // Near the root, because the path of the agent's socket may not be long.
  const directory = await mkdtemp(path.join(tmpdir(), 'edxstream-'));
  const home = path.join(directory, 'gnupg');
  const target = path.join(directory, 'members');
  await mkdir(home, { mode: 0o700 });
  await mkdir(target);
  const gpg = (...args: string[]) =>
    execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', ...args], { stdio: 'pipe' });
  try {
    gpg('--import', secretKey);
    for (const file of packages) {
      if (file.endsWith('.zip')) await extractZip(file, target);
      else execFileSync('tar', ['-xf', file, '-C', target]);
    }
    const names = (await readdir(target, { recursive: true })).filter((name) =>
      name.endsWith('.gpg'),
    );
    gpg('--decrypt-files', ...names.map((name) => path.join(target, name)));
    const opened = new Map<string, Buffer>();
    for (const name of names) {
      const bare = name.slice(0, -'.gpg'.length);
      opened.set(bare, await readFile(path.join(target, bare)));
    }
    return opened;
  } finally {
    execFileSync('gpgconf', ['--homedir', home, '--kill', 'gpg-agent']);
    await rm(directory, { recursive: true, force: true });
  }
}

async function extractZip(zipPath: string, target: string): Promise<void> {
  const zip = await openPromise(zipPath);
  for await (const entry of zip.eachEntry()) {
    const parts: Buffer[] = [];
    for await (const part of await zip.openReadStreamPromise(entry)) parts.push(part);
    await mkdir(path.join(target, path.dirname(entry.fileName)), { recursive: true });
    await writeFile(path.join(target, entry.fileName), Buffer.concat(parts));
  }
}
