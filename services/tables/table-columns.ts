/**
 * Which columns a side table has, and what type each gets.
 *
 * Goes in: the name of a table and the header of a file. Comes out: the columns of the warehouse.
 * What may surprise: a column that is not known is no fault. It is kept as text and added to the
 * table; and a column that the file does not have is NULL.
 */
import { KNOWN_TABLES } from './known-tables.js';

/**
 * text   any text                         word   text with few different values
 * json   long text, compressed harder     int    a whole number
 * float  a number                         flag   0 or 1
 * truth  True or False                    time   a moment in UTC with up to six digits of fraction
 * list   a JSON list of strings
 */
export type ColumnKind =
  | 'text'
  | 'word'
  | 'json'
  | 'int'
  | 'float'
  | 'flag'
  | 'truth'
  | 'time'
  | 'list';

export interface TableColumn {
  readonly name: string;
  readonly kind: ColumnKind;
}

/** Columns that every side table has, besides those of its files. */
export const COMMON_COLUMNS = [
  'organization',
  'site',
  'course_id',
  'snapshot_date',
  'line',
  'file_id',
  'uncast',
] as const;

/** The course of a row stands under this name, whether the file has it or not. */
export const COURSE_COLUMN = 'course_id';

const KINDS: ReadonlySet<string> = new Set<ColumnKind>([
  'text',
  'word',
  'json',
  'int',
  'float',
  'flag',
  'truth',
  'time',
  'list',
]);

const HEADER_ALIASES: Readonly<Record<string, string>> = {
  'auth_user.avatar_typ': 'avatar_type',
  'user_id_map.user_id': 'id',
  'credit_crediteligibility.course_key': 'course_id',
};

/** Further names of columns, which the view offers beside the first. */
export const COLUMN_SYNONYMS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  user_id_map: [['user_id', 'id']],
};

/** The columns of a table that are known before any file was seen. */
export function knownColumns(table: string): readonly TableColumn[] {
  const known = KNOWN_TABLES[table];
  if (known === undefined) return [];
  return known.columns.split(' ').map((entry) => {
    const [name = '', kind = 'text'] = entry.split(':');
    return { name, kind: isKind(kind) ? kind : 'text' };
  });
}

function isKind(kind: string): kind is ColumnKind {
  return KINDS.has(kind);
}

export function tableAbout(table: string): string {
  return (
    KNOWN_TABLES[table]?.about ?? 'A database file type that edxstream does not know; all text.'
  );
}

/**
 * The warehouse columns for the header of a file, one for each field and in its order. A field whose
 * name is empty, comes twice, or is that of a column of our own gets a name that is free.
 */
export function columnsOfHeader(table: string, header: readonly string[]): readonly TableColumn[] {
  const kinds = new Map(knownColumns(table).map((column) => [column.name, column.kind]));
  const taken = new Set<string>(COMMON_COLUMNS.filter((name) => name !== COURSE_COLUMN));
  return header.map((field, index) => {
    const trimmed = field.trim();
    const aliased = HEADER_ALIASES[`${table}.${trimmed}`] ?? trimmed;
    const wanted = aliased === '' ? `column_${index + 1}` : aliased;
    let name = wanted;
    for (let suffix = 2; taken.has(name); suffix++) name = `${wanted}_${suffix}`;
    taken.add(name);
    return { name, kind: kinds.get(name) ?? 'text' };
  });
}

/** The table that a header belongs to: the known one whose columns are all there, and the most. */
export function tableOfHeader(header: readonly string[]): string | undefined {
  const names = new Set(header.map((field) => field.trim()));
  let best: string | undefined;
  let bestCount = 2;
  for (const table of Object.keys(KNOWN_TABLES)) {
    const columns = knownColumns(table);
    const shared = columns.filter(({ name }) => names.has(name)).length;
    // Most, not all: columns came and went over the years. One table must be clearly meant.
    if (shared > bestCount && shared * 3 >= columns.length * 2 && shared * 3 >= names.size * 2) {
      best = table;
      bestCount = shared;
    }
  }
  return best;
}
