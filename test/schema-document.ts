/**
 * docs/schema.md as the warehouse itself describes its tables: the comments of the SQL, read back from
 * an empty warehouse, so that the document says what `DESCRIBE` says.
 *
 * What surprises: a side table stands here once. Its snapshots have the same columns, and the columns
 * that all side tables share are said in front of them.
 */
import type { Warehouse } from '#shared/warehouse/warehouse';

export interface SchemaColumn {
  readonly name: string;
  readonly type: string;
  readonly comment: string;
}

export interface SchemaObject {
  readonly name: string;
  readonly isView: boolean;
  readonly about: string;
  /** The sorting key of a table; empty for a view. */
  readonly order: string;
  readonly columns: readonly SchemaColumn[];
}

const SNAPSHOTS = '_snapshots';

/** Everything that is not a side table: for each group a heading, a sentence and its tables. */
const GROUPS = [
  {
    title: 'Tracking logs',
    about: 'What the lines of the tracking logs became. Query these.',
    names: ['events', 'rejected_lines', 'log_files'],
  },
  {
    title: 'What is known of the database files',
    about: 'Which files came, what became of them, and rows that did not fit.',
    names: ['database_files', 'latest_database_files', 'rejected_rows'],
  },
  {
    title: 'The ledger',
    about:
      'How edxstream remembers what it has loaded. Read it if you like; never write to it: the next load relies on it.',
    names: [
      'log_file_versions',
      'log_file_parts',
      'database_file_versions',
      'package_indexes',
      'superseded_events',
      'superseded_rejected_lines',
      'overlap_decisions',
      'schema_versions',
    ],
  },
] as const;

/** What the warehouse says of all its tables and views, by name. */
export async function readSchema(warehouse: Warehouse): Promise<readonly SchemaObject[]> {
  const objects = await warehouse.query<{
    name: string;
    engine: string;
    comment: string;
    sorting_key: string;
  }>(
    'SELECT name, engine, comment, sorting_key FROM system.tables WHERE database = currentDatabase() ORDER BY name',
  );
  const columns = await warehouse.query<SchemaColumn & { table: string }>(
    'SELECT table, name, type, comment FROM system.columns WHERE database = currentDatabase() ORDER BY table, position',
  );
  return objects.map(({ name, engine, comment, sorting_key }) => ({
    name,
    isView: engine === 'View',
    about: comment,
    order: sorting_key,
    columns: columns.filter(({ table }) => table === name),
  }));
}

/**
 * @param originals the side tables that exist before any package has come.
 */
export function schemaDocument(
  objects: readonly SchemaObject[],
  originals: readonly string[],
): string {
  const byName = new Map(objects.map((object) => [object.name, object]));
  const grouped = new Set<string>(GROUPS.flatMap(({ names }) => names));
  const sideTables = objects.filter(({ name }) => byName.has(`${name}${SNAPSHOTS}`));
  const common = commonColumns(sideTables);
  const left = objects.filter(
    ({ name }) =>
      !grouped.has(name) &&
      !byName.has(`${name}${SNAPSHOTS}`) &&
      !byName.has(name.slice(0, -SNAPSHOTS.length)),
  );
  if (left.length > 0) {
    throw new Error(`In no group of test/schema-document.ts: ${left.map(({ name }) => name)}`);
  }
  const isOriginal = ({ name }: SchemaObject): boolean => originals.includes(name);
  const parts = [
    '# Tables and columns',
    'Made from the comments in the SQL by `npm run fix`; do not edit it by hand. In a data directory the same is said by `edxstream query "DESCRIBE events"`.',
    ...GROUPS.flatMap(({ title, about, names }) => [
      `## ${title}`,
      about,
      ...names.flatMap((name) => {
        const object = byName.get(name);
        if (object === undefined) throw new Error(`The warehouse has no ${name}.`);
        return section(object, object.columns);
      }),
    ]),
    '## Side tables: columns that all of them have',
    'Each type of database file is a table with the name that edX gives it. The plain name shows, of each organization, site and course, the latest snapshot that was loaded; `<name>_snapshots` holds all snapshots and has the same columns. Columns are those of the header of the file: one that is missing there is NULL, and one that is not listed here is added as text.',
    columnTable(common),
    '## Side tables of the eight original types',
    'These exist in every data directory, also before the first package.',
    ...sideTables.filter(isOriginal).flatMap((object) => section(object, own(object, common))),
    '## Side tables of later types',
    'These come into being with the first file of their type.',
    ...sideTables
      .filter((object) => !isOriginal(object))
      .flatMap((object) => section(object, own(object, common))),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Columns that every side table has with the same meaning; `course_id` is said for each of the two kinds. */
function commonColumns(sideTables: readonly SchemaObject[]): readonly SchemaColumn[] {
  const [first, ...others] = sideTables;
  return (first?.columns ?? []).filter((column) =>
    others.every(({ columns }) => columns.some((other) => isSame(other, column))),
  );
}

function own(object: SchemaObject, common: readonly SchemaColumn[]): readonly SchemaColumn[] {
  return object.columns.filter((column) => !common.some((other) => isSame(other, column)));
}

function isSame(a: SchemaColumn, b: SchemaColumn): boolean {
  return a.name === b.name && a.comment === b.comment;
}

function section(object: SchemaObject, columns: readonly SchemaColumn[]): string[] {
  const order = object.order === '' ? '' : ` Sorted by \`${object.order}\`.`;
  return [
    `### ${object.name}`,
    `${object.isView ? 'A view. ' : ''}${object.about}${order}`,
    columnTable(columns),
  ];
}

function columnTable(columns: readonly SchemaColumn[]): string {
  return [
    '| column | type | |',
    '|---|---|---|',
    ...columns.map(
      ({ name, type, comment }) => `| \`${name}\` | ${cell(type)} | ${cell(comment)} |`,
    ),
  ].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
