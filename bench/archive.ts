/**
 * The archives that are measured: generated once for a profile, kept under the system's directory for
 * temporary files, made again when the generator changes.
 *
 *   generate   days 1 … N, N+1, N+2        (the last one partial, cut inside a line)
 *   next       days 1 … N, N+1             packed again by `tar`
 *   first      days 1 … N
 *   fifth      days 1 … N/5
 *   files/     the same log files unpacked, as one would have them for `gpg`
 *
 * The partial day is left out because the peer cannot read a line that is cut; for the same reason there
 * are no odd lines.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { openKeyRing } from '#shared/openpgp/open-key-ring';
import { countByGpg, gpgHomeWith } from './count-by-gpg.js';
import { runMeasured } from './run-measured.js';
import type { StageFile } from './stages/stage-input.js';

const ROOT = path.resolve(import.meta.dirname, '..');
export const PROGRAM = path.join(ROOT, 'dist/services/cli/main.cjs');
const EVENTS_PER_LEARNER_AND_DAY = 7;
/** Changes where archives are made differently from the same generator. */
const LAYOUT = 2;

export interface Archive {
  readonly directory: string;
  /** The file that holds all this. */
  readonly record: string;
  /** A file with the key, unlocked: so nobody's time goes into the passphrase. */
  readonly key: string;
  readonly firstTar: string;
  readonly nextTar: string;
  readonly fifthTar: string;
  /** The log files of the first tar, by date, then server. */
  readonly files: readonly StageFile[];
  /** A file that names them, one a line. */
  readonly fileList: string;
  readonly lines: number;
  readonly plaintextBytes: number;
  readonly storedBytes: number;
  readonly fifthLines: number;
}

export interface ArchiveRequest {
  readonly events: number;
  readonly days: number;
  /** Where archives are kept. */
  readonly cache?: string;
}

export async function prepareArchive(
  request: ArchiveRequest,
  say: (text: string) => void,
): Promise<Archive> {
  const cache = request.cache ?? path.join(tmpdir(), `edxstream-bench-${userInfo().username}`);
  await mkdir(cache, { recursive: true, mode: 0o700 });
  const { events, days } = request;
  const profile = `${events}-${days}-`;
  const directory = path.join(cache, `${profile}${await generatorDigest()}`);
  const record = path.join(directory, 'archive.json');
  // Written last, so it is there only if everything else is.
  const kept = await readFile(record, 'utf8').catch(() => undefined);
  if (kept !== undefined) return { ...JSON.parse(kept), record };
  say(`Making the archive of ${events.toLocaleString('en')} events in ${directory} …\n`);
  // What an earlier generator made of the same profile is of no use any more.
  for (const name of await readdir(cache)) {
    if (name.startsWith(profile)) await rm(path.join(cache, name), { recursive: true });
  }
  await mkdir(directory, { mode: 0o700 });
  const archive: Archive = { ...(await makeArchive(directory, request)), record };
  await writeFile(`${record}.new`, JSON.stringify(archive));
  await rename(`${record}.new`, record);
  return archive;
}

async function makeArchive(
  directory: string,
  { events, days }: ArchiveRequest,
): Promise<Omit<Archive, 'record'>> {
  const eventsPerDay = Math.ceil(events / days);
  const generated = path.join(directory, 'generated');
  const profile = {
    profile: 'bench',
    weeks: 1,
    days: days + 2,
    'events-per-day': eventsPerDay,
    learners: Math.max(10, Math.ceil(eventsPerDay / EVENTS_PER_LEARNER_AND_DAY)),
    'odd-share': 0,
    'compression-level': 6, // as GnuPG writes
  };
  const settings = Object.entries(profile).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  await runMeasured({ node: [PROGRAM, 'generate', generated, ...settings] });
  const key = await unlockKey(path.join(generated, 'keys'), directory);
  const unpacked = path.join(directory, 'files');
  await mkdir(unpacked);
  const tar = (await readdir(generated)).find((name) => name.endsWith('-tracking.tar')) ?? '';
  await runMeasured({ shell: `tar -xf '${path.join(generated, tar)}' -C '${unpacked}'` });
  await rm(generated, { recursive: true });

  const all = await logFilesIn(unpacked);
  const dates = [...new Set(all.map(({ logDate }) => logDate))].sort().slice(0, days + 1);
  const upTo = (count: number) => {
    const wanted = new Set(dates.slice(0, count));
    return all.filter(({ logDate }) => wanted.has(logDate));
  };
  const files = upTo(days);
  const fifth = upTo(Math.max(1, Math.floor(days / 5)));
  const packed = { directory, unpacked };
  const fileList = path.join(directory, 'files.txt');
  await writeFile(fileList, files.map((file) => `${file.path}\n`).join(''));
  await using home = await gpgHomeWith(key);
  const counts = await countByGpg(files, home.directory);
  const { lines: fifthLines } = await countByGpg(fifth, home.directory);
  return {
    directory,
    key,
    firstTar: await pack('first', files, packed),
    nextTar: await pack('next', upTo(days + 1), packed),
    fifthTar: await pack('fifth', fifth, packed),
    files,
    fileList,
    ...counts,
    storedBytes: files.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
    fifthLines,
  };
}

/** The czar's key without its passphrase. It opens nothing but generated packages. */
async function unlockKey(keys: string, directory: string): Promise<string> {
  const bytes = await readFile(path.join(keys, 'czar-secret.asc'));
  const passphrase = (await readFile(path.join(keys, 'passphrase.txt'), 'utf8')).trimEnd();
  const { ring } = await openKeyRing([{ name: 'czar-secret.asc', bytes }], async () => passphrase);
  const file = path.join(directory, 'key.gpg');
  await writeFile(file, Buffer.concat(ring.keys.map(({ unlocked }) => unlocked)), { mode: 0o600 });
  return file;
}

async function logFilesIn(directory: string): Promise<readonly StageFile[]> {
  const files: StageFile[] = [];
  for (const name of await readdir(directory, { recursive: true })) {
    const logDate = /(\d{4}-\d{2}-\d{2})_[^/]*\.log\.gpg$/.exec(name)?.[1];
    if (logDate === undefined) continue;
    const file = path.join(directory, name);
    files.push({ path: file, storedBytes: (await stat(file)).size, logDate });
  }
  const order = ({ logDate, path: file }: StageFile) => `${logDate} ${file}`;
  return files.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Packed server by server, as edX does, under the name of a package of the last date. */
async function pack(
  name: string,
  files: readonly StageFile[],
  { directory, unpacked }: { readonly directory: string; readonly unpacked: string },
): Promise<string> {
  const lastDate = files.at(-1)?.logDate ?? '';
  const target = path.join(directory, name);
  await mkdir(target);
  const tar = path.join(target, `${lastDate}-UniversityA-tracking.tar`);
  const members = files.map((file) => path.relative(unpacked, file.path)).sort();
  const list = path.join(target, 'members.txt');
  await writeFile(list, members.map((member) => `${member}\n`).join(''));
  await runMeasured({ shell: `tar -cf '${tar}' -C '${unpacked}' -T '${list}'` });
  await rm(list);
  return tar;
}

async function generatorDigest(): Promise<string> {
  const generator = path.join(ROOT, 'dist/services/generate');
  const hash = createHash('sha256').update(`${LAYOUT}`);
  for (const name of (await readdir(generator)).sort()) {
    if (name.endsWith('.js')) hash.update(name).update(await readFile(path.join(generator, name)));
  }
  return hash.digest('hex').slice(0, 12);
}
