/**
 * Who holds the lock of loads of a database, read from its tables: see load-lock.ts, which writes them.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { causeCode } from '#shared/warehouse/engine-errors';
import type { Warehouse } from '#shared/warehouse/warehouse';

export interface LockOwner {
  /** Names the process among those that use the server. */
  readonly instance: string;
  readonly command: string;
}

/** Who holds the lock, as the table says. */
export interface LockHolder extends LockOwner {
  readonly host: string;
  readonly pid: number;
  /** The machine, its boot and its space of process numbers, where the system tells them. */
  readonly space: string;
  /** UTC, to the second. */
  readonly since: string;
  /** Since it last said that it lives, by the clock of the server. */
  readonly silentMs: number;
}

type Server = Pick<Warehouse, 'query'>;

interface BeatRow extends Omit<LockHolder, 'silentMs' | 'pid'> {
  readonly pid: string | number;
  readonly silent_ms: string | number;
  readonly is_released: boolean;
}

/** What names of its tables begin with; eight digits follow. */
export const PREFIX = 'load_lock_';
/** How long a holder may be silent before it counts as gone. */
const LEASE_MS = 60_000;
/** UNKNOWN_TABLE: whoever takes a lock removes those before it. */
export const NO_TABLE = 60;

/** Who holds the lock of loads now, or undefined. */
export async function lockHolder(server: Server): Promise<LockHolder | undefined> {
  const [highest] = await locks(server);
  const holder = highest === undefined ? undefined : await holderOf(server, highest);
  return holder === undefined || holder === 'nothing yet' || !isAlive(holder) ? undefined : holder;
}

/** The tables of the lock, the highest first. */
export async function locks(server: Server): Promise<readonly string[]> {
  const rows = await server.query<{ name: string }>(
    `SELECT name FROM system.tables
     WHERE database = currentDatabase() AND match(name, '^${PREFIX}[0-9]{8}$') ORDER BY name DESC`,
  );
  return rows.map(({ name }) => name);
}

/**
 * What the holder said last; undefined where it has released the lock or the table has gone. Between creating
 * the table and the first word there is a moment.
 */
export async function holderOf(
  server: Server,
  table: string,
): Promise<LockHolder | 'nothing yet' | undefined> {
  let row: BeatRow | undefined;
  try {
    [row] = await server.query<BeatRow>(
      `SELECT instance, command, host, pid, space, since, is_released,
         dateDiff('millisecond', said_at, now64(3)) AS silent_ms
       FROM ${table} ORDER BY said_at DESC, is_released DESC LIMIT 1`,
    );
  } catch (error) {
    if (causeCode(error) === NO_TABLE) return undefined;
    throw error;
  }
  if (row === undefined) return 'nothing yet';
  if (row.is_released) return undefined;
  const { silent_ms, is_released: _, ...rest } = row;
  return { ...rest, pid: Number(row.pid), silentMs: Number(silent_ms) };
}

export function isAlive({ silentMs, space, pid }: LockHolder): boolean {
  if (silentMs > LEASE_MS) return false;
  if (space === '' || space !== processSpace()) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Where process numbers mean the same: two containers may have one name and two spaces. */
export function processSpace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    // Not Linux: a process that died is waited for like one on another machine.
    return '';
  }
}
