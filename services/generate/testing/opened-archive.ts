/** The packages of the test profile, generated and opened, for tests to look into. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Expected } from '../expected.js';
import { type GeneratedPackages, generatePackages } from '../generate-packages.js';
import { PROFILES } from '../profile.js';
import { openPackages } from './open-packages.js';

/** False where gpg or tar is not installed: then packages are generated, but not opened. */
export const canOpen = ['gpg', 'tar'].every((tool) => spawnSync(tool, ['--version']).status === 0);

export interface OpenedArchive extends AsyncDisposable {
  /** A directory of this archive's own, for more of the same. */
  readonly directory: string;
  readonly generated: GeneratedPackages;
  readonly expected: Expected;
  /** The log files and database files that were found in the packages of a date. */
  readonly membersOf: (date: string) => string[];
  /** The plaintext of a member by its name in the tar. */
  readonly logFile: (date: string, member: string) => Buffer;
  /** The plaintext of a member by its name in the zip, without the folder. */
  readonly databaseFile: (date: string, member: string) => string;
}

export async function openArchive(): Promise<OpenedArchive> {
  const directory = await mkdtemp(path.join(tmpdir(), 'edxstream-'));
  const generated = await generatePackages(path.join(directory, 'one'), PROFILES.test);
  const plain = new Map<string, Buffer>();
  for (const { date, tarPath, zipPath } of canOpen ? generated.packages : []) {
    const opened = await openPackages([tarPath, zipPath], generated.keys.masterSecret);
    for (const [name, bytes] of opened) plain.set(`${date}/${name}`, bytes);
  }
  const logFile = (date: string, member: string) =>
    plain.get(`${date}/${member.replace(/\.gpg$/, '')}`) ?? Buffer.from('absent');
  return {
    directory,
    generated,
    expected: JSON.parse(await readFile(generated.expectedPath, 'utf8')),
    membersOf: (date) =>
      [...plain.keys()]
        .filter((name) => name.startsWith(`${date}/`))
        .map((name) => name.slice(date.length + 1)),
    logFile,
    databaseFile: (date, member) => logFile(date, `universitya-${date}/${member}`).toString('utf8'),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
