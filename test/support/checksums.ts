/**
 * One line for each table of a warehouse: its name, how many rows it has and a sum over them
 * that does not depend on their order. Left out is what may differ between two loads of the same
 * packages: `file_id`, `sink` and clock times, and the ledgers behind the views, which keep how things went.
 */
import { type Asked, queryOf, rowsOf } from './edxstream.js';

interface Table {
  readonly table: string;
  readonly columns: readonly string[];
}

const LEFT_OUT = new Set(['file_id', 'sink', 'changed_at', 'revision']);
const LEFT_OUT_TABLES = new Set([
  'log_file_versions',
  'log_file_parts',
  'database_file_versions',
  'schema_versions',
  'package_indexes',
]);

export async function checksums(
  place: Asked,
  { except = [] }: { readonly except?: readonly string[] } = {},
): Promise<string[]> {
  const tables = await rowsOf<Table>(
    place,
    `SELECT table, groupArray(name) AS columns FROM system.columns
     WHERE database = currentDatabase() GROUP BY table ORDER BY table`,
  );
  const selects = tables
    .filter(({ table }) => !LEFT_OUT_TABLES.has(table) && !table.startsWith('load_lock_'))
    .map(({ table, columns }) => {
      const kept = columns.filter(
        (column) => !LEFT_OUT.has(column) && !except.includes(`${table}.${column}`),
      );
      const row = kept.map((column) => `\`${column}\``).join(', ');
      return `SELECT '${table}' AS checked_table, count() AS checked_rows, sum(cityHash64(toString(tuple(${row})))) AS checksum FROM \`${table}\``;
    });
  const lines = await queryOf(
    place,
    `SELECT * FROM (${selects.join(' UNION ALL ')}) ORDER BY checked_table`,
    'TSV',
  );
  return lines.trim().split('\n');
}
