/**
 * The SQL that makes the objects of one side table: `<name>_snapshots` holds the rows of every
 * snapshot, and the view `<name>` shows the latest loaded snapshot of each organization, site and
 * course.
 *
 * The statements of the eight original types are also files in shared/warehouse/schema, so that the
 * tables exist before the first package comes; a test keeps those equal to what is made here. The
 * later types are made when a file of theirs first comes.
 */
import { COMMON_COMMENTS, columnComment } from './column-comments.js';
import {
  COLUMN_SYNONYMS,
  COURSE_COLUMN,
  type ColumnKind,
  type TableColumn,
  tableAbout,
} from './table-columns.js';

const SQL_TYPES: Readonly<Record<ColumnKind, string>> = {
  text: 'Nullable(String)',
  word: 'LowCardinality(Nullable(String))',
  json: 'Nullable(String)',
  int: 'Nullable(Int64)',
  float: 'Nullable(Float64)',
  flag: 'Nullable(UInt8)',
  truth: 'Nullable(UInt8)',
  time: "Nullable(DateTime64(6, 'UTC'))",
  list: 'Array(String)',
};

/** Tables of which no file has a course column, so that the comment of `course_id` can say so. */
const WITHOUT_COURSE: ReadonlySet<string> = new Set([
  'auth_user',
  'auth_userprofile',
  'user_id_map',
  'wiki_article',
  'wiki_articlerevision',
  'course_structure',
]);

export function snapshotsTable(table: string): string {
  return `${table}_snapshots`;
}

/** A name in backquotes: names of columns come from files, so they can hold anything. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

/** A text in single quotes. */
export function quoteText(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0');
  return `'${escaped}'`;
}

interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly comment: string;
  readonly codec?: string;
}

export function createSnapshotsTable(table: string, columns: readonly TableColumn[]): string {
  const about = `${tableAbout(table)} All snapshots; ${table} shows the latest.`;
  const lines = [
    ...definitionsOf(table, columns).map((definition) => columnWithCodec(definition)),
    'INDEX file_id_index file_id TYPE set(64) GRANULARITY 1',
  ];
  return [
    `CREATE TABLE IF NOT EXISTS ${quoteName(snapshotsTable(table))} (`,
    lines.map((line) => `  ${line}`).join(',\n'),
    ')',
    'ENGINE = MergeTree',
    'PARTITION BY toYYYYMM(snapshot_date)',
    'ORDER BY (course_id, organization, site, snapshot_date, line)',
    `COMMENT ${quoteText(about)}`,
  ].join('\n');
}

export function createLatestView(table: string, columns: readonly TableColumn[]): string {
  const definitions = definitionsOf(table, columns);
  const synonyms = (COLUMN_SYNONYMS[table] ?? []).flatMap(([synonym, name]) => {
    const original = definitions.find((definition) => definition.name === name);
    return original === undefined
      ? []
      : [{ ...original, name: synonym, comment: `The same as ${name}`, from: name }];
  });
  const shown = [...definitions, ...synonyms];
  return [
    `CREATE OR REPLACE VIEW ${quoteName(table)} (`,
    shown.map((definition) => `  ${column(definition)}`).join(',\n'),
    ') AS',
    `SELECT ${[...definitions.map(({ name }) => quoteName(name)), ...synonyms.map(({ from, name }) => `${quoteName(from)} AS ${quoteName(name)}`)].join(', ')}`,
    `FROM ${quoteName(snapshotsTable(table))}`,
    'WHERE file_id IN (',
    `  SELECT file_id FROM latest_database_files WHERE table_name = ${quoteText(table)}`,
    ')',
    `COMMENT ${quoteText(`${tableAbout(table)} The latest loaded snapshot of each course.`)}`,
  ].join('\n');
}

/** Adds a column that a file has and the table does not, behind the others of files. */
export function addColumn(table: string, entry: TableColumn, after: string): string {
  const definition = columnWithCodec(definitionOf(table, entry));
  return `ALTER TABLE ${quoteName(snapshotsTable(table))} ADD COLUMN IF NOT EXISTS ${definition} AFTER ${quoteName(after)}`;
}

/** All columns of a side table, our own around those of the files. */
function definitionsOf(table: string, columns: readonly TableColumn[]): ColumnDefinition[] {
  const own = columns.filter(({ name }) => name !== COURSE_COLUMN);
  const { organization, site, snapshot_date, line, uncast, file_id } = COMMON_COMMENTS;
  return [
    { name: 'organization', type: 'LowCardinality(String)', comment: organization },
    { name: 'site', type: 'LowCardinality(String)', comment: site },
    { name: COURSE_COLUMN, type: 'String', comment: courseComment(table) },
    { name: 'snapshot_date', type: 'Date', comment: snapshot_date },
    { name: 'line', type: 'UInt64', comment: line },
    ...own.map((entry) => definitionOf(table, entry)),
    { name: 'uncast', type: 'Map(LowCardinality(String), String)', comment: uncast },
    { name: 'file_id', type: 'UInt64', comment: file_id },
  ];
}

function definitionOf(table: string, { name, kind }: TableColumn): ColumnDefinition {
  const codec = kind === 'json' ? { codec: 'ZSTD(1)' } : {};
  return { name, type: SQL_TYPES[kind], comment: columnComment(table, name), ...codec };
}

function column({ name, type, comment }: ColumnDefinition): string {
  return `${quoteName(name)} ${type} COMMENT ${quoteText(`${comment}.`)}`;
}

function columnWithCodec(definition: ColumnDefinition): string {
  const { codec } = definition;
  return codec === undefined ? column(definition) : `${column(definition)} CODEC(${codec})`;
}

function courseComment(table: string): string {
  return WITHOUT_COURSE.has(table) ? COMMON_COMMENTS.courseOfFile : COMMON_COMMENTS.courseOwn;
}
