/**
 * The warehouse in this process: ClickHouse as a library (chdb), its tables in a directory.
 *
 * Statements go through @clickhouse/client over chdb's own connection; bulk inserts go by named pipes on
 * sessions of their own (see bulk-lane.ts), because the client's connection turns a body into a string. One
 * session runs one statement at a time; different sessions run beside each other.
 */
import { chmod } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { Session } from 'chdb';
import { createChdbConnection } from 'chdb/connection';
import { EdxstreamError } from '#shared/errors';
import { makePrivateDirectory } from '#shared/make-directory';
import { BulkLane } from '#shared/warehouse/bulk-lane';
import { lockDirectory } from '#shared/warehouse/directory-lock';
import { asEngineError, engineCode, excerpt } from '#shared/warehouse/engine-errors';
import { makeNamedPipes } from '#shared/warehouse/named-pipe';
import type { BulkInsert, OpenedWarehouse, QueryParameters } from '#shared/warehouse/warehouse';

/** ClickHouse's number for, among others, a statement that cannot be streamed. */
const BAD_ARGUMENTS = 36;

type ClientConnection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>;

export interface EmbeddedWarehouse extends OpenedWarehouse {
  readonly kind: 'embedded';
}

/**
 * Opens (and creates, mode 0700) a data directory for this process alone.
 * @throws EdxstreamError DATA_DIRECTORY_BUSY, DATA_DIRECTORY_UNUSABLE.
 */
export async function openEmbeddedWarehouse(
  directory: string,
  { command }: { readonly command: string },
): Promise<EmbeddedWarehouse> {
  const path = resolve(directory);
  await makeDirectory(path);
  const unlock = lockDirectory(path, command);
  try {
    // The cast: chdb types its connection by a copy of the client's package, the same shapes declared
    // twice, which the compiler takes for different classes.
    const connection = createChdbConnection({ path }) as unknown as ClientConnection;
    const client = createClient({ connection });
    // The engine makes its files readable for the group; the directory keeps everybody else out.
    await chmod(path, 0o700);
    return new ChdbWarehouse(client, path, unlock);
  } catch (error) {
    unlock();
    throw new EdxstreamError(
      'DATA_DIRECTORY_UNUSABLE',
      `The engine cannot open the data directory ${path}: ${String(error)}. Another program (Python, R) may have it open.`,
      { cause: error },
    );
  }
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await makePrivateDirectory(path);
  } catch (error) {
    throw new EdxstreamError(
      'DATA_DIRECTORY_UNUSABLE',
      `The data directory ${path} cannot be created: ${String(error)}`,
      { cause: error },
    );
  }
}

class ChdbWarehouse implements EmbeddedWarehouse {
  readonly kind = 'embedded';
  readonly #client: ClickHouseClient;
  readonly #bulk: Session;
  readonly #path: string;
  /** Made with the first insert, because many commands make none. */
  #lanes: Promise<readonly BulkLane[]> | undefined;
  readonly #unlock: () => void;
  /** This session runs one statement at a time, so what it is given queues. */
  #bulkTail: Promise<unknown> = Promise.resolve();

  constructor(client: ClickHouseClient, path: string, unlock: () => void) {
    this.#client = client;
    this.#bulk = new Session(path);
    this.#path = path;
    this.#unlock = unlock;
  }

  async statement(sql: string, parameters?: QueryParameters): Promise<void> {
    try {
      await this.#client.command({
        query: sql,
        ...(parameters === undefined ? {} : { query_params: parameters }),
      });
    } catch (error) {
      throw asEngineError(error, excerpt(sql));
    }
  }

  async query<Row>(sql: string, parameters?: QueryParameters): Promise<readonly Row[]> {
    try {
      const result = await this.#client.query({
        query: sql,
        format: 'JSONEachRow',
        ...(parameters === undefined ? {} : { query_params: parameters }),
      });
      return await result.json<Row>();
    } catch (error) {
      throw asEngineError(error, excerpt(sql));
    }
  }

  async *stream(sql: string, format: string): AsyncIterable<Uint8Array> {
    let stream: ReturnType<Session['queryStream']>;
    try {
      stream = this.#bulk.queryStream(sql, { format });
    } catch (error) {
      if (engineCode(error) !== BAD_ARGUMENTS) throw asEngineError(error, excerpt(sql));
      // DESCRIBE, SHOW and their like are not streamed by the engine; their answers are small.
      yield await this.#whole(sql, format);
      return;
    }
    try {
      for await (const chunk of stream) yield chunk.raw();
    } catch (error) {
      throw asEngineError(error, excerpt(sql));
    } finally {
      stream.cancel();
    }
  }

  async #whole(sql: string, format: string): Promise<Uint8Array> {
    try {
      return (await this.#bulk.queryAsync(sql, { format })).bytes();
    } catch (error) {
      throw asEngineError(error, excerpt(sql));
    }
  }

  /** By the bulk session: it answers from another thread, in bytes, where the client's connection makes strings. */
  fetchBytes(sql: string, format: string, parameters: QueryParameters = {}): Promise<Buffer> {
    return this.#inTurn(async () => {
      try {
        const answer = await this.#bulk.queryBindAsync(sql, parameters, { format });
        const { buffer, byteOffset, byteLength } = answer.bytes();
        return Buffer.from(buffer, byteOffset, byteLength);
      } catch (error) {
        throw asEngineError(error, excerpt(sql));
      }
    });
  }

  async bulkInsert(insert: BulkInsert): Promise<void> {
    this.#lanes ??= openLanes(this.#path);
    const lanes = await this.#lanes;
    const idlest = lanes.reduce((best, lane) => (lane.waiting < best.waiting ? lane : best));
    await idlest.insert(insert);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#bulkTail.then(work);
    this.#bulkTail = done.catch(() => undefined);
    return done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bulkTail;
    try {
      await this.#client.close();
      this.#bulk.close();
      const lanes = await this.#lanes?.catch(() => undefined);
      for (const lane of lanes ?? []) await lane[Symbol.asyncDispose]();
    } finally {
      this.#unlock();
    }
  }
}

/**
 * The engine reads an insert to its end before it writes: with two lanes it does both at once. Both pipes are made
 * before either is fed, see named-pipe.ts.
 */
async function openLanes(path: string): Promise<readonly BulkLane[]> {
  const pipes = await makeNamedPipes(2);
  return pipes.map((pipe) => new BulkLane(path, pipe));
}
