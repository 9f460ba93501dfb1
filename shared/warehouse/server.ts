/**
 * The warehouse on a ClickHouse server, over HTTP or HTTPS by @clickhouse/client.
 *
 *   statement, query   text in the body of a request; parameters beside it
 *   bulkInsert         INSERT … SELECT … FROM input('…') FORMAT …, its rows streamed in the body
 *
 * What is made again after a fault: queries, as they change nothing; and statements that never left this
 * machine. A statement or insert whose connection broke is not made again, because it may have been carried
 * out: the load ends, and what is half-way is put right, after endStragglers(), by it or by the next load.
 *
 * While this process holds the lock of loads (load-lock.ts), nothing is sent once it may have lost it, and
 * each insert looks on the server itself whether somebody else has it.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { EdxstreamError } from '#shared/errors';
import { copied } from '#shared/warehouse/copied-body';
import { excerpt } from '#shared/warehouse/engine-errors';
import { asLockLost, LoadLock } from '#shared/warehouse/load-lock';
import { type LockHolder, type LockOwner, lockHolder } from '#shared/warehouse/lock-holder';
import { withPatience } from '#shared/warehouse/patience';
import { endStatements, processMark } from '#shared/warehouse/running-statements';
import { type ServerAddress, tlsOf } from '#shared/warehouse/server-address';
import { asServerError, reached } from '#shared/warehouse/server-errors';
import type { BulkInsert, OpenedWarehouse, QueryParameters } from '#shared/warehouse/warehouse';

export interface ServerOptions {
  /** How long a connection may be silent. */
  readonly timeoutMs: number;
  /** How long a server that cannot be reached is waited for. */
  readonly patienceMs: number;
  /** Compresses what goes over the network, for slow ones: it costs more time than it saves on a fast one. */
  readonly isCompressed: boolean;
  /** Told of each fault that is followed by another attempt. */
  readonly onRetry?: (error: unknown, attempt: number) => void;
  /** Told when a call finds the server away and waits for it, and when a call is answered after that. */
  readonly onAway?: (isAway: boolean) => void;
}

/** The server says now and then that it is at work, so that a long insert is not taken for a dead one. */
const PROGRESS_SETTINGS = {
  send_progress_in_http_headers: 1,
  http_headers_progress_interval_ms: '10000',
} as const;
/** Room for these headers of an insert of hours. */
const HEADERS_BYTES_MAX = 1 << 20;

/** Ours whatever the profile of the user says: rows are there, or gone, when the answer has come. */
const WRITE_SETTINGS = {
  async_insert: 0,
  lightweight_deletes_sync: '2',
  mutations_sync: '2',
} as const;

export class ServerWarehouse implements OpenedWarehouse {
  readonly kind = 'server';
  /** Names this process among those that use the server. */
  readonly instance = randomBytes(8).toString('hex');
  /** The server and database, for messages. */
  readonly name: string;
  readonly #client: ClickHouseClient;
  readonly #options: ServerOptions;
  #statements = 0;
  #lock: LoadLock | undefined;
  #isAway = false;

  constructor(address: ServerAddress, options: ServerOptions) {
    const { url, user, password } = address;
    const database = decodeURIComponent(url.pathname.replace(/^\/+|\/+$/g, ''));
    this.name = `${url.origin}/${database}`;
    this.#options = options;
    this.#client = createClient({
      url: url.origin,
      username: user,
      password,
      ...(database === '' ? {} : { database }),
      ...tlsOf(address),
      application: 'edxstream',
      request_timeout: options.timeoutMs,
      compression: { request: options.isCompressed, response: options.isCompressed },
      max_response_headers_size: HEADERS_BYTES_MAX,
      // Faults are told by the errors that are thrown; the client would print them as well.
      log: { level: ClickHouseLogLevel.OFF },
    });
  }

  /**
   * Takes the lock of loads, which one process of a database has at a time, and keeps it until disposal.
   * @throws EdxstreamError WAREHOUSE_BUSY with who has it.
   */
  async lock({ command }: Pick<LockOwner, 'command'>): Promise<void> {
    const { patienceMs } = this.#options;
    const server = {
      query: this.query.bind(this),
      statement: (sql: string, parameters?: QueryParameters) =>
        this.#command(sql, parameters, patienceMs),
      prompt: (sql: string, parameters: QueryParameters) => this.#command(sql, parameters, 0),
    };
    this.#lock = await LoadLock.take(server, { command, instance: this.instance });
  }

  /** Gives the lock back before disposal, for who needed it for a moment. */
  async unlock(): Promise<void> {
    const lock = this.#lock;
    this.#lock = undefined;
    await lock?.release();
  }

  /** Who loads into this database now, or undefined. */
  loads(): Promise<LockHolder | undefined> {
    return lockHolder(this);
  }

  async statement(sql: string, parameters?: QueryParameters): Promise<void> {
    const { patienceMs } = this.#options;
    await this.#attempt({ doing: excerpt(sql), repeats: 'not-sent', patienceMs }, async () =>
      this.#lock?.ensureHeld(),
    );
    await this.#command(sql, parameters, patienceMs);
  }

  async #command(
    sql: string,
    parameters: QueryParameters | undefined,
    patienceMs: number,
  ): Promise<void> {
    await this.#attempt({ doing: excerpt(sql), repeats: 'not-sent', patienceMs }, () =>
      this.#client.command({
        query: sql,
        clickhouse_settings: {
          ...WRITE_SETTINGS,
          ...PROGRESS_SETTINGS,
          log_comment: this.#mark(),
        },
        ...(parameters === undefined ? {} : { query_params: parameters }),
      }),
    );
  }

  query<Row>(sql: string, parameters?: QueryParameters): Promise<readonly Row[]> {
    return this.#ask(sql, parameters, this.#options.patienceMs);
  }

  #ask<Row>(
    sql: string,
    parameters: QueryParameters | undefined,
    patienceMs: number,
  ): Promise<readonly Row[]> {
    return this.#attempt({ doing: excerpt(sql), repeats: 'unknown', patienceMs }, async () => {
      const result = await this.#client.query({
        query: sql,
        format: 'JSONEachRow',
        ...(parameters === undefined ? {} : { query_params: parameters }),
      });
      return result.json<Row>();
    });
  }

  async fetchBytes(sql: string, format: string, parameters?: QueryParameters): Promise<Buffer> {
    const { patienceMs } = this.#options;
    return this.#attempt({ doing: excerpt(sql), repeats: 'unknown', patienceMs }, async () => {
      const { stream } = await this.#client.exec({
        query: sql,
        http_headers: { 'X-ClickHouse-Format': format },
        ...(parameters === undefined ? {} : { query_params: parameters }),
      });
      return buffer(stream);
    });
  }

  async *stream(sql: string, format: string): AsyncIterable<Uint8Array> {
    const doing = excerpt(sql);
    const { patienceMs } = this.#options;
    const { stream } = await this.#attempt({ doing, repeats: 'unknown', patienceMs }, () =>
      // No setting goes with it, so that a user who may only read can ask.
      this.#client.exec({ query: sql, http_headers: { 'X-ClickHouse-Format': format } }),
    );
    try {
      for await (const chunk of stream) yield chunk as Uint8Array; // a stream of bytes
    } catch (error) {
      throw asServerError(error, this.name, doing);
    }
  }

  async bulkInsert(insert: BulkInsert): Promise<void> {
    const doing = `inserting into ${insert.table}`;
    const mark = this.#mark();
    const guard = this.#lock === undefined ? '' : `WHERE ${this.#lock.heldCondition}`;
    const query = `INSERT INTO ${insert.table} (${insert.columns.join(', ')}) SELECT ${insert.select ?? '*'}
      FROM input('${insert.structure.replaceAll("'", "''")}') ${guard} FORMAT ${insert.format}`;
    const { patienceMs } = this.#options;
    // Of a body that was begun nothing can be sent again, so a server that is away is waited for before.
    await this.#attempt({ doing, repeats: 'unknown', patienceMs }, async () => {
      const answer = await this.#client.ping();
      if (!answer.success) throw answer.error;
      await this.#lock?.ensureHeld();
    });
    const fault: { ofBody?: unknown } = {};
    try {
      await this.#attempt({ doing, repeats: 'not-sent', patienceMs: 0 }, async () => {
        const { stream } = await this.#client.exec({
          query,
          values: Readable.from(copied(insert.body, fault), { objectMode: false }),
          clickhouse_settings: {
            ...insert.settings,
            ...WRITE_SETTINGS,
            ...PROGRESS_SETTINGS,
            log_comment: mark,
          },
          ...(insert.signal === undefined ? {} : { abort_signal: insert.signal }),
        });
        // An insert has no answer but its end.
        for await (const _ of stream);
      });
    } catch (error) {
      // If the server cannot be asked now, endStragglers() or whoever takes the lock next does this.
      await this.#end([mark]).catch(() => undefined);
      // A server that complains afterwards complains of what the body left out: the body is the cause.
      if ('ofBody' in fault) throw fault.ofBody;
      throw this.#lock === undefined ? error : asLockLost(error);
    }
  }

  /**
   * Makes sure that nothing of what this process sent before comes into effect any more: for who removes
   * rows after a fault. Only with the lock of loads, and while no insert is wanted.
   */
  async endStragglers(): Promise<void> {
    if (this.#lock !== undefined) this.#lock = await this.#lock.renew();
  }

  /** Ends statements with these marks, without waiting for a server that is away. */
  #end(marks: readonly string[]): Promise<void> {
    const server = {
      query: <Row>(sql: string, parameters?: QueryParameters) => this.#ask<Row>(sql, parameters, 0),
      statement: (sql: string, parameters?: QueryParameters) => this.#command(sql, parameters, 0),
    };
    return endStatements(server, marks);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.unlock();
    } finally {
      await this.#client.close();
    }
  }

  /** A name for the next statement, by which it is found on the server. */
  #mark(): string {
    this.#statements += 1;
    return `${processMark(this.instance)}${this.#statements}/`;
  }

  #sees(isAway: boolean): void {
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    this.#options.onAway?.(isAway);
  }

  /** Makes a call, again while the server is away and the call may be made again. */
  async #attempt<Result>(
    { doing, repeats, patienceMs }: Attempt,
    call: () => Promise<Result>,
  ): Promise<Result> {
    try {
      const result = await withPatience(call, {
        patienceMs,
        mayRepeat: (error) => {
          const cause = error instanceof EdxstreamError ? error.cause : error;
          const far = cause === undefined ? 'answered' : reached(cause);
          return far === 'not-sent' || far === repeats;
        },
        onRetry: (error, attempt) => {
          this.#sees(true);
          this.#options.onRetry?.(error, attempt);
        },
      });
      this.#sees(false);
      return result;
    } catch (error) {
      throw asServerError(error, this.name, doing);
    }
  }
}

interface Attempt {
  /** For messages. */
  readonly doing: string;
  /** What may be made again: only what was not sent, or also what may have been carried out. */
  readonly repeats: 'not-sent' | 'unknown';
  readonly patienceMs: number;
}
