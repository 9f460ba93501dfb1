/**
 * Makes the table of a file type, and columns that a file has and the table does not. An unknown
 * column is text. The view is made anew whenever a column came, because a view keeps the columns of
 * the day it was made.
 */
import type { Warehouse } from '#shared/warehouse/warehouse';
import { COMMON_COLUMNS, knownColumns, type TableColumn } from './table-columns.js';
import {
  addColumn,
  createLatestView,
  createSnapshotsTable,
  snapshotsTable,
} from './table-statements.js';

export class SideTables {
  readonly #warehouse: Warehouse;
  /** The columns of each table that was looked at, in the order of the table. */
  readonly #columns = new Map<string, readonly TableColumn[]>();
  /** One change at a time: two files with the same new column may come side by side. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse;
  }

  /** Resolves when the table has all of these columns and its view shows them. */
  ensure(table: string, columns: readonly TableColumn[]): Promise<void> {
    const done = this.#tail.then(() => this.#ensure(table, columns));
    this.#tail = done.catch(() => undefined);
    return done;
  }

  async #ensure(table: string, columns: readonly TableColumn[]): Promise<void> {
    const present = this.#columns.get(table) ?? (await this.#look(table));
    const names = new Set<string>([...COMMON_COLUMNS, ...present.map((column) => column.name)]);
    const missing = columns.filter((column) => !names.has(column.name));
    const all = await this.#add(table, present, missing);
    if (missing.length > 0) await this.#warehouse.statement(createLatestView(table, all));
    this.#columns.set(table, all);
  }

  async #look(table: string): Promise<readonly TableColumn[]> {
    const known = knownColumns(table);
    await this.#warehouse.statement(createSnapshotsTable(table, known));
    const rows = await this.#warehouse.query<{ name: string }>(
      `SELECT name FROM system.columns
       WHERE database = currentDatabase() AND table = {table:String} ORDER BY position`,
      { table: snapshotsTable(table) },
    );
    const kinds = new Map(known.map((column) => [column.name, column.kind]));
    const common = new Set<string>(COMMON_COLUMNS);
    const present = rows
      .filter(({ name }) => !common.has(name))
      .map(({ name }) => ({ name, kind: kinds.get(name) ?? ('text' as const) }));
    // A known column that the table lacks is one that a newer edxstream knows.
    const names = new Set(present.map((column) => column.name));
    const missing = known.filter((column) => !names.has(column.name));
    const all = await this.#add(table, present, missing);
    await this.#warehouse.statement(createLatestView(table, all));
    return all;
  }

  async #add(
    table: string,
    present: readonly TableColumn[],
    missing: readonly TableColumn[],
  ): Promise<readonly TableColumn[]> {
    const all = [...present];
    for (const column of missing) {
      await this.#warehouse.statement(addColumn(table, column, all.at(-1)?.name ?? 'line'));
      all.push(column);
    }
    return all;
  }
}
