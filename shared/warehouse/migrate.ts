/**
 * Brings a warehouse to the current schema: one `.sql` file per object, in the order of their names.
 *
 * Files of tables are applied once, by name; files of views are applied whenever their text has changed,
 * as a view holds no rows. A change to a table is a new file with a higher number.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Warehouse } from '#shared/warehouse/warehouse';

const SCHEMA_DIRECTORY = join(import.meta.dirname, 'schema');

export interface SchemaFile {
  readonly name: string;
  readonly sql: string;
}

export async function schemaFiles(): Promise<readonly SchemaFile[]> {
  const names = (await readdir(SCHEMA_DIRECTORY)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => ({
      name,
      sql: await readFile(join(SCHEMA_DIRECTORY, name), 'utf8'),
    })),
  );
}

/**
 * Parts larger than this are not merged in the embedded engine. Loads write large parts in the table's order
 * already; merging them again costs as much as loading them, and what is not finished when the command
 * ends is thrown away. Small parts of small loads are still put together. A server merges after a load, see
 * held-merges.ts.
 */
const MERGED_BYTES_MAX = 4 << 20;

/**
 * Parts smaller than this, uncompressed, keep all their columns in one file. As files of their own the columns of a
 * part that a load writes (some two megabytes on disk) were a hundred files, and to create them was an eighth of a load.
 */
const WIDE_PART_BYTES_MIN = 512 << 20;

/** Applies what is not applied yet; returns the names of the files that were. */
export async function migrate(warehouse: Warehouse): Promise<readonly string[]> {
  await warehouse.statement(`CREATE TABLE IF NOT EXISTS schema_versions
    (name String COMMENT 'The file of the schema.', digest String COMMENT 'SHA-256 of its text when it was applied.',
     applied_at DateTime DEFAULT now() COMMENT 'When it was applied.')
    ENGINE = MergeTree ORDER BY name COMMENT 'Which files of the schema this directory has.'`);
  const rows = await warehouse.query<{ name: string; digest: string }>(
    'SELECT name, argMax(digest, applied_at) AS digest FROM schema_versions GROUP BY name',
  );
  const applied = new Map(rows.map(({ name, digest }) => [name, digest]));
  const fresh: string[] = [];
  for (const { name, sql } of await schemaFiles()) {
    const digest = createHash('sha256').update(sql).digest('hex');
    const isView = /^\s*CREATE OR REPLACE VIEW/m.test(sql);
    if (applied.get(name) === digest || (applied.has(name) && !isView)) continue;
    for (const statement of sql.split(/;\s*$/m)) {
      if (statement.trim() !== '') await warehouse.statement(statement);
    }
    await warehouse.statement(
      'INSERT INTO schema_versions (name, digest) VALUES ({name:String}, {digest:String})',
      { name, digest },
    );
    fresh.push(name);
  }
  if (fresh.length > 0) {
    const settings = [`min_bytes_for_wide_part = ${WIDE_PART_BYTES_MIN}`];
    if (warehouse.kind === 'embedded') {
      settings.push(`max_bytes_to_merge_at_max_space_in_pool = ${MERGED_BYTES_MAX}`);
    }
    await warehouse.statement(`ALTER TABLE events MODIFY SETTING ${settings.join(', ')}`);
  }
  return fresh;
}
