/**
 * One way into the embedded engine for bulk inserts: a session, which runs one statement at a time, and the
 * pipe that feeds it. The session is made with the first insert.
 */
import { Session } from 'chdb';
import { asEngineError } from '#shared/warehouse/engine-errors';
import type { NamedPipe } from '#shared/warehouse/named-pipe';
import type { BulkInsert } from '#shared/warehouse/warehouse';

export class BulkLane implements AsyncDisposable {
  /** How many inserts are under way or wait here. */
  waiting = 0;
  readonly #path: string;
  readonly #pipe: NamedPipe;
  #session: Session | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  /**
   * @param path the data directory, which this process has open.
   * @param pipe goes with the lane.
   */
  constructor(path: string, pipe: NamedPipe) {
    this.#path = path;
    this.#pipe = pipe;
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
    this.#session ??= new Session(this.#path);
    const session = this.#session;
    const settings = Object.entries(insert.settings ?? {}).map(
      ([name, value]) => `${name} = ${value}`,
    );
    const sql = `INSERT INTO ${insert.table} (${insert.columns.join(', ')}) SELECT ${insert.select ?? '*'}
      FROM file('${this.#pipe.path}', ${insert.format}, '${insert.structure.replaceAll("'", "''")}')
      ${settings.length > 0 ? `SETTINGS ${settings.join(', ')}` : ''}`;
    await this.#pipe.feed(insert.body, async () => {
      try {
        await session.queryAsync(sql);
      } catch (error) {
        throw asEngineError(error, `inserting into ${insert.table}`);
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tail;
    this.#session?.close();
    await this.#pipe[Symbol.asyncDispose]();
  }
}
