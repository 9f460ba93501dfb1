/**
 * Makes one package: the tar of all log files so far, from messages in the spool directory, and the
 * zip of a snapshot of every table. Gives back what a reader has to count in it.
 */
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type DatabaseFile, writeDatabaseFiles } from './database-files.js';
import { type ExpectedPackage, expectPackage } from './expected.js';
import type { Journal } from './journal.js';
import type { FinishedFile } from './log-file.js';
import type { Profile } from './profile.js';
import { reencryptMessage } from './reencrypt-message.js';
import type { SiteWorld } from './world.js';
import type { Recipients } from './write-keys.js';
import { type Member, writeTar, writeZip } from './write-packages.js';

export interface Delivery {
  readonly directory: string;
  readonly spool: string;
  readonly profile: Profile;
  readonly recipients: Recipients;
  readonly journal: Journal;
  readonly worlds: readonly SiteWorld[];
  /** Counts packages from 0. */
  readonly index: number;
  readonly date: string;
  readonly nowUs: number;
  /** The last day, as far as it has come. */
  readonly partials: readonly FinishedFile[];
  readonly signal: AbortSignal | undefined;
}

export async function deliverPackage(delivery: Delivery): Promise<ExpectedPackage> {
  const { profile, date, partials, journal } = delivery;
  const { organization } = profile;
  await encryptAgain(delivery);
  const files = inTarOrder([...journal.finished, ...partials], journal, profile);
  const tar = `${date}-${organization}-tracking.tar`;
  const zip = `${organization}-${date}.zip`;
  const archive = (name: string) => ({
    target: path.join(delivery.directory, name),
    modified: new Date(delivery.nowUs / 1000),
    signal: delivery.signal,
  });
  const memberOf = ({ server, logDate }: FinishedFile) =>
    `${organization}/${server}/${logDate}_${organization}.log.gpg`;
  await writeTar(
    files.map((file) => ({
      name: memberOf(file),
      path: file.message.path,
      bytes: file.message.bytes,
    })),
    archive(tar),
  );
  const databaseFiles = await writeDatabaseFiles(delivery);
  await writeZip(
    await membersOf(databaseFiles, `${organization.toLowerCase()}-${date}`),
    archive(zip),
  );
  // Whole log files stay: every later package delivers them again.
  for (const file of databaseFiles) await rm(file.path);
  for (const file of partials) await rm(file.message.path);
  const total = journal.total.copy();
  for (const file of partials) total.include(file.tally);
  return expectPackage({ profile, date, tar, zip, files, total, databaseFiles, memberOf });
}

/** Puts whole log files under fresh session keys, from the second package on, if asked for. */
async function encryptAgain(delivery: Delivery): Promise<void> {
  const { profile, recipients, index, signal } = delivery;
  const { finished } = delivery.journal;
  if (!profile.reencrypt || index === 0) return;
  for (const [place, file] of finished.entries()) {
    signal?.throwIfAborted();
    const target = `${file.message.path}.${index}`;
    const message = await reencryptMessage(file.message, target, recipients);
    await rm(file.message.path);
    finished[place] = { ...file, message };
  }
}

/** Server by server, each by date: so edX's tars are ordered. */
function inTarOrder(files: readonly FinishedFile[], journal: Journal, profile: Profile) {
  const rank = new Map<string, number>();
  for (const site of profile.sites) {
    for (const server of journal.serversOf(site)) rank.set(server, rank.size);
  }
  return files.toSorted(
    (one, other) =>
      (rank.get(one.server) ?? 0) - (rank.get(other.server) ?? 0) ||
      (one.logDate < other.logDate ? -1 : 1),
  );
}

async function membersOf(files: readonly DatabaseFile[], folder: string): Promise<Member[]> {
  const members: Member[] = [];
  for (const file of files) {
    const { size } = await stat(file.path);
    members.push({ name: `${folder}/${file.member}`, path: file.path, bytes: size });
  }
  return members;
}
