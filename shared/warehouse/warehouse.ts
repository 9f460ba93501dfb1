/**
 * The warehouse has two verbs: a statement (with rows, with bytes, or with nothing as its answer), and a
 * bulk insert. Both implementations (the embedded engine and a ClickHouse server) take the same SQL; they
 * differ only in how bulk bytes travel.
 */
import type { LockHolder } from '#shared/warehouse/lock-holder';

export type QueryParameters = Readonly<
  Record<string, string | number | boolean | readonly string[]>
>;

/** A count or another 64-bit integer, as a row of a query has it: see `query`. Take `Number()` of it. */
export type Integer64 = number | string;

export interface BulkInsert {
  /** The table that receives the rows. */
  readonly table: string;
  /** The columns of the table that are filled, in the order of `select`. */
  readonly columns: readonly string[];
  /** Names and types of the columns as they come in `body`: `a String, b Nullable(Float64)`. */
  readonly structure: string;
  /** What is selected from the incoming columns; by default all of them as they are. */
  readonly select?: string;
  /** The ClickHouse format of `body`; Native is the cheapest for the engine. */
  readonly format: 'Native' | 'RowBinary' | 'TabSeparated' | 'JSONEachRow';
  /** The encoded rows; chunk edges may fall anywhere. Ownership of a chunk passes to the insert. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Settings of this insert alone, by their ClickHouse names. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Ends the insert where the warehouse is on another machine; in process it ends with its body. */
  readonly signal?: AbortSignal;
}

export interface Warehouse extends AsyncDisposable {
  /** `embedded` or `server`, for messages and for what only one of them can do. */
  readonly kind: 'embedded' | 'server';
  /**
   * Runs a statement that returns no rows. Placeholders are ClickHouse's, `{name:Type}`.
   * @throws EdxstreamError WAREHOUSE_FAILED or DISK_FULL, with the engine's reason.
   */
  statement(sql: string, parameters?: QueryParameters): Promise<void>;
  /**
   * Runs a query and returns its rows. 64-bit integers come as the engine's JSON has them: numbers from the
   * embedded engine, strings from older servers. Take `Number()` of them, and ask for `toString()` in SQL where
   * they may exceed 2^53.
   */
  query<Row>(sql: string, parameters?: QueryParameters): Promise<readonly Row[]>;
  /**
   * Runs a query and returns its whole answer as bytes in an output format of ClickHouse, such as
   * RowBinary, which keeps text that is not UTF-8. The caller bounds the answer (LIMIT, max_result_bytes);
   * beside a bulk insert it waits for its turn.
   */
  fetchBytes(sql: string, format: string, parameters?: QueryParameters): Promise<Buffer>;
  /**
   * Inserts what `body` yields. Not atomic: after a failure some rows may be in the table, so callers
   * mark rows by a ledger entry and remove what was left half-way.
   */
  bulkInsert(insert: BulkInsert): Promise<void>;
  /**
   * On a server: resolves when nothing that this process sent before can come into effect any more. Called
   * before rows are removed that were left half-way; in process there is nothing that could straggle.
   */
  endStragglers?(): Promise<void>;
}

/** What commands open: beside the verbs above, answers in the form that a person or program wants. */
export interface OpenedWarehouse extends Warehouse {
  /** Runs a query in any ClickHouse output format and yields its bytes as they come. */
  stream(sql: string, format: string): AsyncIterable<Uint8Array>;
  /** On a server: who loads into this database now, or undefined. */
  loads?(): Promise<LockHolder | undefined>;
}
