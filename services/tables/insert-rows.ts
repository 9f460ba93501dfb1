/**
 * The INSERT that takes encoded rows into a side table.
 *
 * Fields travel as text, and the SELECT of the insert casts each to the type of its column. A value
 * that does not fit (a 31st of September, a word in a number) becomes NULL and stands in `uncast`
 * under the name of its column, so that a lenient cast loses nothing. Zero dates and empty numbers
 * are NULL and no more than that.
 */
import type { BulkInsert } from '#shared/warehouse/warehouse';
import type { FileBegin } from './encoded-part.js';
import { COURSE_COLUMN, type ColumnKind, type TableColumn } from './table-columns.js';
import { quoteName, quoteText, snapshotsTable } from './table-statements.js';

/** What is the same for all rows of one file; the rows carry the place of their file in the list. */
export interface InsertedFile {
  readonly fileId: string;
  readonly site: string;
  readonly courseId: string;
}

export interface RowsInsert {
  readonly begin: FileBegin;
  readonly organization: string;
  readonly snapshotDate: string;
  readonly files: readonly InsertedFile[];
  readonly body: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

/** A date that exists at least by its digits; the parser alone would take day 0 for day 10. */
const TIME_PATTERN =
  '^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([ T][0-9]{2}:[0-9]{2}:[0-9]{2}|$)';

/** The engine holds a few blocks; its own choice of 256 MiB for each made a load take 1.4 GB. */
const BLOCK_BYTES = 64 << 20;

export function insertOfRows(insert: RowsInsert): BulkInsert {
  const { begin, files } = insert;
  const own = begin.columns.map((column, index) => ({ column, field: `c${index}` }));
  const others = own.filter(({ column }) => column.name !== COURSE_COLUMN);
  const courseField = own.find(({ column }) => column.name === COURSE_COLUMN)?.field;
  const values = others.map(({ column, field }) => castOf(column.kind, nullable(begin, field)));
  const selected: readonly (readonly [string, string])[] = [
    ['organization', quoteText(insert.organization)],
    ['site', pick(files.map((file) => quoteText(file.site)))],
    [COURSE_COLUMN, courseOf(begin, courseField, files)],
    ['snapshot_date', `toDate(${quoteText(insert.snapshotDate)})`],
    ['line', 'line'],
    ...others.map(({ column }, index) => [quoteName(column.name), values[index] ?? ''] as const),
    ['uncast', uncastOf(begin, others)],
    ['file_id', pick(files.map((file) => `toUInt64(${file.fileId})`))],
  ];
  const type = begin.isNullText ? 'String' : 'Nullable(String)';
  return {
    table: quoteName(snapshotsTable(begin.table)),
    columns: selected.map(([name]) => name),
    structure: [...own.map(({ field }) => `${field} ${type}`), 'line UInt64', 'file UInt32'].join(
      ', ',
    ),
    select: selected.map(([, expression]) => expression).join(', '),
    format: 'TabSeparated',
    body: insert.body,
    settings: { min_insert_block_size_bytes: BLOCK_BYTES },
    ...(insert.signal && { signal: insert.signal }),
  };
}

/** The element of a constant list that belongs to the file of the row. */
function pick(literals: readonly string[]): string {
  return `[${literals.join(', ')}][file + 1]`;
}

function nullable(begin: FileBegin, field: string): string {
  return begin.isNullText ? `nullIf(${field}, 'NULL')` : field;
}

function courseOf(
  begin: FileBegin,
  field: string | undefined,
  files: readonly InsertedFile[],
): string {
  const ofFile = pick(files.map((file) => quoteText(file.courseId)));
  if (field === undefined) return ofFile;
  return `coalesce(nullIf(trimBoth(${nullable(begin, field)}), ''), ${ofFile})`;
}

function castOf(kind: ColumnKind, value: string): string {
  switch (kind) {
    case 'text':
    case 'word':
    case 'json':
      return value;
    case 'int':
      return `toInt64OrNull(${value})`;
    case 'float':
      return `toFloat64OrNull(${value})`;
    case 'flag':
      return `toUInt8OrNull(${value})`;
    case 'truth':
      return `multiIf(lower(${value}) IN ('true', '1'), 1, lower(${value}) IN ('false', '0'), 0, NULL)`;
    case 'time':
      return `if(match(ifNull(${value}, ''), '${TIME_PATTERN}'), parseDateTime64BestEffortOrNull(${value}, 6, 'UTC'), NULL)`;
    case 'list':
      return `JSONExtract(ifNull(${value}, '[]'), 'Array(String)')`;
    default:
      return kind satisfies never;
  }
}

const TYPED: ReadonlySet<ColumnKind> = new Set<ColumnKind>([
  'int',
  'float',
  'flag',
  'truth',
  'time',
]);

function uncastOf(
  begin: FileBegin,
  columns: readonly { readonly column: TableColumn; readonly field: string }[],
): string {
  const typed = columns.filter(({ column }) => TYPED.has(column.kind));
  if (typed.length === 0) return 'map()';
  const pairs = typed.map(({ column, field }) => {
    const value = nullable(begin, field);
    const text = `ifNull(${value}, '')`;
    const zero = column.kind === 'time' ? ` AND NOT startsWith(${text}, '0000-00-00')` : '';
    const lost = `isNull(${castOf(column.kind, value)})${zero}`;
    return `(${quoteText(column.name)}, if(${lost}, ${text}, ''))`;
  });
  return `CAST(arrayFilter(pair -> pair.2 != '', [${pairs.join(', ')}]) AS Map(LowCardinality(String), String))`;
}
