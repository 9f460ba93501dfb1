/** Packs encrypted members from the spool directory into a tracking tar or a database zip. */
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { finished, pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';
import { ZipFile } from 'yazl';

export interface Member {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

export interface ArchiveSettings {
  readonly target: string;
  readonly modified: Date;
  readonly signal: AbortSignal | undefined;
}

/** A tar with an entry for each directory that the names speak of, then the members in order. */
export async function writeTar(members: readonly Member[], settings: ArchiveSettings) {
  const { target, modified, signal } = settings;
  const unfinished = `${target}.unfinished`;
  const archive = pack();
  const writing = pipeline(archive, createWriteStream(unfinished, { mode: 0o600 }), {
    ...(signal === undefined ? {} : { signal }),
  });
  const feeding = async () => {
    const directories = new Set<string>();
    for (const member of members) {
      for (let end = member.name.indexOf('/'); end >= 0; end = member.name.indexOf('/', end + 1)) {
        const directory = member.name.slice(0, end + 1);
        if (directories.has(directory)) continue;
        directories.add(directory);
        archive.entry({ name: directory, type: 'directory', mode: 0o755, mtime: modified });
      }
      await addMember(archive, member, modified);
    }
    archive.finalize();
  };
  await finishOrRemove(Promise.all([feeding(), writing]), unfinished);
  await rename(unfinished, target);
}

async function addMember(archive: Pack, member: Member, modified: Date): Promise<void> {
  const entry = archive.entry({
    name: member.name,
    size: member.bytes,
    mode: 0o644,
    mtime: modified,
  });
  await pipeline(createReadStream(member.path, { highWaterMark: 1 << 18 }), entry);
}

/** A zip whose members are stored as they are: they are compressed and encrypted already. */
export async function writeZip(members: readonly Member[], settings: ArchiveSettings) {
  const { target, modified, signal } = settings;
  const unfinished = `${target}.unfinished`;
  const zip = new ZipFile();
  for (const member of members) {
    zip.addFile(member.path, member.name, { compress: false, mtime: modified, mode: 0o100644 });
  }
  const file = createWriteStream(unfinished, { mode: 0o600, ...(signal ? { signal } : {}) });
  // yazl reports a member that it cannot read on the zip itself, not on its stream.
  zip.on('error', (cause: Error) => file.destroy(cause));
  zip.outputStream.pipe(file);
  zip.end();
  await finishOrRemove(finished(file), unfinished);
  await rename(unfinished, target);
}

async function finishOrRemove(writing: Promise<unknown>, unfinished: string): Promise<void> {
  try {
    await writing;
  } catch (fault) {
    await rm(unfinished, { force: true });
    throw fault;
  }
}
