/**
 * Who may load into a database of a server: one process at a time, as a directory has one.
 *
 *   load_lock_00000007   instance, command, who and since when; one row each 10 s while the process lives
 *   load_lock_00000008   taken over, or taken after the one before was released
 *
 * ClickHouse has no transactions and no unique keys, but of two processes that create a table of the same
 * name one is refused. So the lock is the table with the highest number, and to take it means to create
 * the next. Before anything else is done with it:
 *
 *   1. the taker looks whether its own is the highest (one that was slow between looking and creating may
 *      have made a number that was used and gone: it gives up),
 *   2. statements that a process before it left running are ended, see running-statements.ts,
 *   3. tables with lower numbers go.
 *
 * A lock counts as left when its process has said nothing for 60 s of the server's clock, or is of this
 * machine and dead. A process that was stopped and wakes up finds by its own clock that its time has
 * passed, and by the server, in each insert, that a higher number is there.
 */
import { hostname } from 'node:os';
import { EdxstreamError } from '#shared/errors';
import { causeCode } from '#shared/warehouse/engine-errors';
import {
  holderOf,
  isAlive,
  type LockHolder,
  type LockOwner,
  locks,
  NO_TABLE,
  PREFIX,
  processSpace,
} from '#shared/warehouse/lock-holder';
import { pause } from '#shared/warehouse/patience';
import { endStatements, processMark } from '#shared/warehouse/running-statements';
import type { QueryParameters, Warehouse } from '#shared/warehouse/warehouse';

export interface LockServer extends Pick<Warehouse, 'query' | 'statement'> {
  /** Runs a statement without waiting for a server that is away. */
  prompt(sql: string, parameters: QueryParameters): Promise<void>;
}

const BEAT_MS = 10_000;
/** A holder stops believing in its lock before others do. */
const BELIEVED_MS = 45_000;
const TABLE_EXISTS = 57;
/** FUNCTION_THROW_IF_VALUE_IS_NON_ZERO, which `heldCondition` fails with. */
const CONDITION_FAILED = 395;
const ATTEMPTS_MAX = 5;
/** Who has created a table and said nothing for so long has died over it; if not, it finds the next one there. */
const FIRST_WORD_WITHIN_MS = 10_000;
const LOOK_AGAIN_MS = 100;

export class LoadLock {
  readonly #server: LockServer;
  readonly #table: string;
  readonly #owner: LockOwner;
  readonly #since: string;
  #beat: NodeJS.Timeout | undefined;
  #heldAt = clocks();
  #isLost = false;
  /** What is being said just now: one word at a time, so that the last one holds. */
  #saying: Promise<void> | undefined;

  private constructor(server: LockServer, table: string, owner: LockOwner) {
    this.#server = server;
    this.#table = table;
    this.#owner = owner;
    this.#since = new Date().toISOString().slice(0, 19).replace('T', ' ');
  }

  /** @throws EdxstreamError WAREHOUSE_BUSY. */
  static async take(server: LockServer, owner: LockOwner): Promise<LoadLock> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const [highest] = await locks(server);
      const holder = highest === undefined ? undefined : await firstWord(server, highest);
      if (holder !== undefined && isAlive(holder)) throw busy(holder);
      const table = `${PREFIX}${String(numberOf(highest) + 1).padStart(8, '0')}`;
      const lock = new LoadLock(server, table, owner);
      if (await lock.#create()) return lock;
    }
    throw new EdxstreamError(
      'WAREHOUSE_BUSY',
      'Several processes want to load into the same database at once.',
    );
  }

  /**
   * The same lock under the next number: what was sent under this one, and has not begun on the server yet,
   * finds that it is held no more, and what has begun is ended.
   */
  async renew(): Promise<LoadLock> {
    await this.release();
    return LoadLock.take(this.#server, this.#owner);
  }

  /** True on the server as long as nobody else has taken the lock; else an error. Stands in a WHERE. */
  get heldCondition(): string {
    return `(SELECT throwIf(count() > 0, 'Another process has taken the lock of loads.') FROM system.tables
      WHERE database = currentDatabase() AND startsWith(name, '${PREFIX}') AND name > '${this.#table}') = 0`;
  }

  /**
   * Resolves where this process still has the lock; asks the server where it may have been taken.
   * @throws EdxstreamError WAREHOUSE_LOCK_LOST; or what keeps the server from answering.
   */
  async ensureHeld(): Promise<void> {
    if (!this.#isLost && silentMs(this.#heldAt) > BELIEVED_MS) await this.#say(false);
    if (this.#isLost) throw lockLost();
  }

  async release(): Promise<void> {
    clearInterval(this.#beat);
    await this.#saying?.catch(() => undefined);
    // One that cannot be given back, because the server is away, runs out by itself.
    if (!this.#isLost) await this.#say(true).catch(() => undefined);
  }

  /** False where somebody else was faster. */
  async #create(): Promise<boolean> {
    try {
      await this.#server.statement(
        `CREATE TABLE ${this.#table}
         (instance String, command String, host String, pid UInt32, space String, since String,
          is_released Bool, said_at DateTime64(3, 'UTC') DEFAULT now64(3))
         ENGINE = MergeTree ORDER BY tuple() COMMENT 'Who loads into this database.'`,
      );
    } catch (error) {
      if (causeCode(error) === TABLE_EXISTS) return false;
      throw error;
    }
    await this.#say(false);
    // Refused where a higher number is there: ours was used before, by who came and went meanwhile.
    if (this.#isLost) {
      await this.#server.statement(`DROP TABLE IF EXISTS ${this.#table}`);
      return false;
    }
    await this.#inherit((await locks(this.#server)).filter((name) => name < this.#table));
    // A load must not be kept alive by its lock.
    this.#beat = setInterval(() => {
      if (this.#saying === undefined) this.#say(false).catch(() => undefined);
    }, BEAT_MS).unref();
    return true;
  }

  async #inherit(earlier: readonly string[]): Promise<void> {
    for (const table of earlier) {
      const rows = await this.#server.query<{ instance: string }>(
        `SELECT DISTINCT instance FROM ${table}`,
      );
      await endStatements(
        this.#server,
        rows.map(({ instance }) => processMark(instance)),
      );
    }
    for (const table of earlier) await this.#server.statement(`DROP TABLE IF EXISTS ${table}`);
  }

  /** Says that this process lives, or that it is done. Refused where somebody else has the lock. */
  #say(isReleased: boolean): Promise<void> {
    const saying = this.#word(isReleased).finally(() => {
      if (this.#saying === saying) this.#saying = undefined;
    });
    this.#saying = saying;
    return saying;
  }

  async #word(isReleased: boolean): Promise<void> {
    const askedAt = clocks();
    const { instance, command } = this.#owner;
    try {
      await this.#server.prompt(
        `INSERT INTO ${this.#table} (instance, command, host, pid, space, since, is_released)
         SELECT {instance:String}, {command:String}, {host:String}, {pid:UInt32}, {space:String},
           {since:String}, {isReleased:Bool} WHERE ${this.heldCondition}`,
        {
          ...{ instance, command, isReleased, since: this.#since },
          ...{ host: hostname(), pid: process.pid, space: processSpace() },
        },
      );
      this.#heldAt = askedAt;
    } catch (error) {
      const code = causeCode(error);
      // Whoever takes a lock removes those before it.
      if (code !== NO_TABLE && code !== CONDITION_FAILED) throw error;
      this.#isLost = true;
    }
  }
}

/** The error of an insert as it is told; one that `heldCondition` has failed means that the lock is lost. */
export function asLockLost(error: unknown): unknown {
  return causeCode(error) === CONDITION_FAILED ? lockLost(error) : error;
}

function lockLost(cause?: unknown): EdxstreamError {
  return new EdxstreamError(
    'WAREHOUSE_LOCK_LOST',
    'This process was not heard of for so long that another one has taken the lock of loads.',
    { cause },
  );
}

/** The holder, waited for where it has just created its table; undefined where there is none any more. */
async function firstWord(server: LockServer, table: string): Promise<LockHolder | undefined> {
  const untilMs = performance.now() + FIRST_WORD_WITHIN_MS;
  for (;;) {
    const said = await holderOf(server, table);
    if (said !== 'nothing yet') return said;
    if (performance.now() > untilMs) return undefined;
    await pause(LOOK_AGAIN_MS);
  }
}

function busy({ command, host, pid, since, silentMs }: LockHolder): EdxstreamError {
  const who = host === '' ? '' : ` (process ${pid} on ${host})`;
  return new EdxstreamError(
    'WAREHOUSE_BUSY',
    `\`edxstream ${command}\`${who} loads into this database since ${since} UTC, and was last heard of ${Math.round(silentMs / 1000)} s ago.`,
  );
}

function numberOf(table: string | undefined): number {
  return table === undefined ? 0 : Number(table.slice(PREFIX.length));
}

interface Clocks {
  readonly steadyMs: number;
  readonly wallMs: number;
}

/** The first clock stands while a machine sleeps, the second may be set: the larger difference counts. */
function silentMs(since: Clocks): number {
  const now = clocks();
  return Math.max(now.steadyMs - since.steadyMs, now.wallMs - since.wallMs);
}

function clocks(): Clocks {
  return { steadyMs: performance.now(), wallMs: Date.now() };
}
