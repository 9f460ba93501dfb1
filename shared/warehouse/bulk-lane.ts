/**
 * One way into the embedded engine for bulk inserts: a session, which runs one statement at a time, and the
 * pipe that feeds it. Both are made with the first insert, because many commands make none.
 */
import { Session } from 'chdb';
import { asEngineError } from '#shared/warehouse/engine-errors';
import { makeNamedPipe, type NamedPipe } from '#shared/warehouse/named-pipe';
import type { BulkInsert } from '#shared/warehouse/warehouse';

interface OpenLane {
  readonly session: Session;
  readonly pipe: NamedPipe;
}

export class BulkLane implements AsyncDisposable {
  /** How many inserts are under way or wait here. */
  waiting = 0;
  readonly #path: string;
  #open: Promise<OpenLane> | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  /** @param path the data directory, which this process has open. */
  constructor(path: string) {
    this.#path = path;
  }

  insert(insert: BulkInsert): Promise<void> {
    this.waiting += 1;
    const done = this.#tail
      .then(() => this.#insert(insert))
      .finally(() => {
        this.waiting -= 1;
      });
    this.#tail = done.catch(() => undefined);
    return done;
  }

  async #insert(insert: BulkInsert): Promise<void> {
    this.#open ??= openLane(this.#path);
    const { session, pipe } = await this.#open;
    const settings = Object.entries(insert.settings ?? {}).map(
      ([name, value]) => `${name} = ${value}`,
    );
    const sql = `INSERT INTO ${insert.table} (${insert.columns.join(', ')}) SELECT ${insert.select ?? '*'}
      FROM file('${pipe.path}', ${insert.format}, '${insert.structure.replaceAll("'", "''")}')
      ${settings.length > 0 ? `SETTINGS ${settings.join(', ')}` : ''}`;
    await pipe.feed(insert.body, async () => {
      try {
        await session.queryAsync(sql);
      } catch (error) {
        throw asEngineError(error, `inserting into ${insert.table}`);
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tail;
    const open = await this.#open?.catch(() => undefined);
    if (open === undefined) return;
    open.session.close();
    await open.pipe[Symbol.asyncDispose]();
  }
}

async function openLane(path: string): Promise<OpenLane> {
  return { session: new Session(path), pipe: await makeNamedPipe() };
}
