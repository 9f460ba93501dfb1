/**
 * The database files of one snapshot: for each course of each site the seven tables and the forum,
 * each an encrypted message in the spool directory. One file of each snapshot failed at edX: in its
 * place stands a member that ends `.failed.gpg` and holds the traceback.
 */
import path from 'node:path';
import type { Course } from './course-outline.js';
import { forumDocuments } from './forum-documents.js';
import { tableLine } from './mysql-batch.js';
import type { Profile, Site } from './profile.js';
import { type Snapshot, TABLES, type Table } from './table-rows.js';
import type { SiteWorld } from './world.js';
import type { Recipients } from './write-keys.js';
import { MessageWriter } from './write-message.js';

export interface DatabaseFile {
  /** The name in the zip, without the folder. */
  readonly member: string;
  readonly table: string;
  readonly courseId: string;
  readonly site: Site;
  /** Rows, or forum documents; -1 for a failed member. */
  readonly rows: number;
  readonly hasFailed: boolean;
  /** Where the message lies until it is in the zip. */
  readonly path: string;
}

export interface SnapshotSettings {
  readonly profile: Profile;
  readonly recipients: Recipients;
  readonly spool: string;
  readonly worlds: readonly SiteWorld[];
  readonly nowUs: number;
  /** Counts snapshots, so that another file fails each time. */
  readonly index: number;
  readonly signal: AbortSignal | undefined;
}

const TRACEBACK = `Traceback (most recent call last):
  File "exporter/main.py", line 161, in run_tasks
    task.run(filename, dry_run, **kwargs)
  File "exporter/tasks.py", line 88, in run
    cls.execute_query(query, filename)
OperationalError: (2013, 'Lost connection to MySQL server during query')
`;

export async function writeDatabaseFiles(settings: SnapshotSettings): Promise<DatabaseFile[]> {
  const written: DatabaseFile[] = [];
  const { profile, worlds, nowUs, index } = settings;
  for (const world of worlds) {
    for (const course of world.courses) {
      const snapshot: Snapshot = { seed: profile.seed, world, course, nowUs };
      for (const [place, table] of TABLES.entries()) {
        settings.signal?.throwIfAborted();
        const isVictim =
          world === worlds[0] &&
          course.index === index % world.courses.length &&
          place === FAILING[index % FAILING.length];
        const file = isVictim
          ? await writeFailed(settings, snapshot, table)
          : await writeTable(settings, snapshot, table);
        if (file !== undefined) written.push(file);
      }
      written.push(await writeForum(settings, snapshot));
    }
  }
  return written;
}

/** Places in TABLES of what fails in turn: the id map, then certificates, then profiles. */
const FAILING = [5, 2, 1] as const;

async function writeTable(
  settings: SnapshotSettings,
  snapshot: Snapshot,
  table: Table,
): Promise<DatabaseFile | undefined> {
  const rows = table.rows(snapshot)[Symbol.iterator]();
  const first = rows.next();
  if (first.done === true && table.absentWhenEmpty === true) return undefined;
  const { world, course } = snapshot;
  let count = 0;
  const member = tableMember(course, table.name, world.site);
  const place = await writeText(settings, member, function* () {
    yield tableLine(table.columns);
    for (let next = first; next.done !== true; next = rows.next()) {
      count++;
      yield tableLine(next.value);
    }
  });
  return {
    member: `${member}.gpg`,
    table: table.name,
    courseId: course.id,
    site: world.site,
    rows: count,
    hasFailed: false,
    path: place,
  };
}

async function writeFailed(
  settings: SnapshotSettings,
  { world, course }: Snapshot,
  table: Table,
): Promise<DatabaseFile> {
  const member = `${tableMember(course, table.name, world.site)}.failed`;
  const place = await writeText(settings, member, function* () {
    yield TRACEBACK;
  });
  return {
    member: `${member}.gpg`,
    table: table.name,
    courseId: course.id,
    site: world.site,
    rows: -1,
    hasFailed: true,
    path: place,
  };
}

async function writeForum(settings: SnapshotSettings, snapshot: Snapshot): Promise<DatabaseFile> {
  const { world, course } = snapshot;
  const member = `${course.fileStem}-${world.site}.mongo`;
  let count = 0;
  const place = await writeText(settings, member, function* () {
    for (const line of forumDocuments(snapshot)) {
      count++;
      yield line;
    }
  });
  return {
    member: `${member}.gpg`,
    table: 'forum',
    courseId: course.id,
    site: world.site,
    rows: count,
    hasFailed: false,
    path: place,
  };
}

function tableMember(course: Course, table: string, site: Site): string {
  return `${course.fileStem}-${table}-${site === 'edge' ? 'prod-edge' : 'prod'}-analytics.sql`;
}

async function writeText(
  { spool, profile, recipients, index }: SnapshotSettings,
  member: string,
  lines: () => Iterable<string>,
): Promise<string> {
  const place = path.join(spool, `${index}-${member}.gpg`);
  const writer = new MessageWriter(place, {
    recipients,
    compression: profile.compression,
    level: profile.compressionLevel,
    fileName: member,
  });
  let piece = '';
  for (const line of lines()) {
    piece += line;
    if (piece.length < 1 << 16) continue;
    await writer.write(Buffer.from(piece, 'utf8'));
    piece = '';
  }
  if (piece !== '') await writer.write(Buffer.from(piece, 'utf8'));
  await writer.end();
  return place;
}
