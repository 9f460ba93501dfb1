/**
 * The file beside a data directory in which a running command says how far it is, so that another
 * process can tell without opening the directory (which only one may).
 *
 *   edxstream-data/                 the engine's directory
 *   edxstream-data.lock             who has it
 *   edxstream-data.progress.json    { pid, updatedAt, progress }
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { LoadProgress } from '#shared/progress/load-progress';

export interface ProgressRecord {
  readonly pid: number;
  /** ISO 8601, UTC. */
  readonly updatedAt: string;
  readonly progress: LoadProgress;
}

const count = z.number();
const RECORD = z.object({
  pid: z.number(),
  updatedAt: z.string(),
  progress: z.object({
    startedAt: z.string(),
    stage: z.enum(['indexing', 'log files', 'database files', 'done']),
    filesTotal: count,
    filesDone: count,
    filesFailed: count,
    bytesTotal: count,
    bytesDone: count,
    lineBytes: count,
    eventsRead: count,
    eventsLoaded: count,
    rejected: count,
    earlyReleases: count,
    tablesTotal: count,
    tablesDone: count,
    tableRows: count,
  }),
});

export function progressPath(directory: string): string {
  return `${directory.replace(/\/+$/, '')}.progress.json`;
}

/** Replaces the file at once, so that no reader ever sees half of it. */
export function writeProgressFile(directory: string, record: ProgressRecord): void {
  const path = progressPath(directory);
  const fresh = `${path}.new`;
  writeFileSync(fresh, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  renameSync(fresh, path);
}

export function removeProgressFile(directory: string): void {
  rmSync(progressPath(directory), { force: true });
}

/** What a running command last said; undefined where there is no such file, or none of this form. */
export function readProgressFile(directory: string): ProgressRecord | undefined {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(progressPath(directory), 'utf8'));
  } catch {
    return undefined;
  }
  const read = RECORD.safeParse(content);
  return read.success ? read.data : undefined;
}
