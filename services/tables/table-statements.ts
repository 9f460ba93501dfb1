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

export function createSnapshotsTable(table: string, columns: readonly TableColumn[]): string {
  const own = columns.filter((column) => column.name !== COURSE_COLUMN);
  const lines = [
    column('organization', 'LowCardinality(String)', COMMON_COMMENTS.organization),
    column('site', 'LowCardinality(String)', COMMON_COMMENTS.site),
    column(COURSE_COLUMN, 'String', courseComment(table)),
    column('snapshot_date', 'Date', COMMON_COMMENTS.snapshot_date),
    column('line', 'UInt64', COMMON_COMMENTS.line),
    ...own.map((entry) => columnDefinition(table, entry)),
    column('uncast', 'Map(LowCardinality(String), String)', COMMON_COMMENTS.uncast),
    column('file_id', 'UInt64', COMMON_COMMENTS.file_id),
    'INDEX file_id_index file_id TYPE set(64) GRANULARITY 1',
  ];
  const about = `${tableAbout(table)} All snapshots; ${table} shows the latest.`;
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
  const own = columns.filter((entry) => entry.name !== COURSE_COLUMN).map((entry) => entry.name);
  const synonyms = COLUMN_SYNONYMS[table] ?? [];
  const selected = [
    ...['organization', 'site', COURSE_COLUMN, 'snapshot_date', 'line', ...own].map(quoteName),
    ...synonyms.map(([synonym, name]) => `${quoteName(name)} AS ${quoteName(synonym)}`),
    'uncast',
    'file_id',
  ];
  return [
    `CREATE OR REPLACE VIEW ${quoteName(table)} AS`,
    `SELECT ${selected.join(', ')}`,
    `FROM ${quoteName(snapshotsTable(table))}`,
    'WHERE file_id IN (',
    `  SELECT file_id FROM latest_database_files WHERE table_name = ${quoteText(table)}`,
    ')',
    `COMMENT ${quoteText(`${tableAbout(table)} The latest loaded snapshot of each course.`)}`,
  ].join('\n');
}

/** Adds a column that a file has and the table does not, behind the others of files. */
export function addColumn(table: string, entry: TableColumn, after: string): string {
  const definition = columnDefinition(table, entry);
  return `ALTER TABLE ${quoteName(snapshotsTable(table))} ADD COLUMN IF NOT EXISTS ${definition} AFTER ${quoteName(after)}`;
}

function columnDefinition(table: string, entry: TableColumn): string {
  const codec = entry.kind === 'json' ? ' CODEC(ZSTD(1))' : '';
  const comment = quoteText(columnComment(table, entry.name));
  return `${quoteName(entry.name)} ${SQL_TYPES[entry.kind]} COMMENT ${comment}${codec}`;
}

function column(name: string, type: string, comment: string): string {
  return `${quoteName(name)} ${type} COMMENT ${quoteText(comment)}`;
}

function courseComment(table: string): string {
  return WITHOUT_COURSE.has(table) ? COMMON_COMMENTS.courseOfFile : COMMON_COMMENTS.courseOwn;
}
