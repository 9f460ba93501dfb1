/** Lines and bytes of log files as they come out of `gpg -d`: the oracle of a bench, outside of our code. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { TemporaryGpgHome } from '#shared/testing/temporary-gpg-home';

const LF = 10;

export interface PlaintextCounts {
  /** Line feeds, plus one for each file whose last byte is none. */
  readonly lines: number;
  readonly plaintextBytes: number;
}

/** A home of GnuPG that holds the key, without a passphrase, so that its agent has nothing to derive. */
export async function gpgHomeWith(key: string): Promise<TemporaryGpgHome> {
  const home = await TemporaryGpgHome.create();
  await home.gpg(['--import'], await readFile(key));
  return home;
}

export async function countByGpg(
  files: readonly { readonly path: string }[],
  gpgHome: string,
): Promise<PlaintextCounts> {
  let lines = 0;
  let plaintextBytes = 0;
  for (const file of files) {
    const counts = await countOne(file.path, gpgHome);
    lines += counts.lines;
    plaintextBytes += counts.plaintextBytes;
  }
  return { lines, plaintextBytes };
}

async function countOne(file: string, gpgHome: string): Promise<PlaintextCounts> {
  const gpg = ['--homedir', gpgHome, '--batch', '--quiet', '--decrypt', file];
  const child = spawn('gpg', gpg, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  let lines = 0;
  let plaintextBytes = 0;
  let last = LF;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    plaintextBytes += chunk.length;
    last = chunk.at(-1) ?? last;
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) lines += 1;
  }
  const status = await ended;
  if (status !== 0) throw new Error(`gpg --decrypt ${file} ended with ${status}.`);
  return { lines: lines + (last === LF ? 0 : 1), plaintextBytes };
}
