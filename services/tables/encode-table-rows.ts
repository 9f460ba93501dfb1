/**
 * A tab-separated database file (`.sql`) → encoded parts.
 *
 * The first row is the header and decides what each field is. A row with another number of fields
 * is rejected with its bytes: a bare TAB inside a text (profiles have them) cannot be told from one
 * between fields, so nobody can say which value belongs where.
 */
import { countFields, fieldAt } from './encode-tsv-row.js';
import { type EncodedPart, PartBuilder } from './encoded-part.js';
import { splitTsvRows, type TsvRow } from './split-tsv-rows.js';
import { COURSE_COLUMN, columnsOfHeader, tableOfHeader } from './table-columns.js';
import { unescapeTsv } from './unescape-tsv.js';

export interface RowSource {
  /** '' where the file name was cut before it; the header then tells. */
  readonly table: string;
  readonly fileIndex: number;
  readonly rowBytesMax?: number;
}

export async function* encodeTableRows(
  plaintext: AsyncIterable<Buffer>,
  { table, fileIndex, rowBytesMax }: RowSource,
): AsyncIterable<EncodedPart> {
  let builder: PartBuilder | undefined;
  let fields = 0;
  let courseField = -1;
  const options = rowBytesMax === undefined ? {} : { rowBytesMax };
  for await (const rows of splitTsvRows(plaintext, options)) {
    for (const row of rows) {
      if (builder === undefined) {
        const header = readHeader(row);
        if (header === undefined) {
          yield unreadableHeader(row);
          return;
        }
        const known = table === '' ? tableOfHeader(header) : table;
        if (known === undefined) {
          yield unknownTable(header);
          return;
        }
        const columns = columnsOfHeader(known, header);
        fields = columns.length;
        courseField = columns.findIndex((column) => column.name === COURSE_COLUMN);
        builder = new PartBuilder({ table: known, columns, isNullText: true }, fileIndex);
        continue;
      }
      if (row.kind === 'too-long') {
        builder.reject(rejectTooLong(row));
      } else if (row.bytes.length === 0 && fields > 1) {
        builder.addBlank();
      } else {
        const found = countFields(row.bytes);
        if (found === fields) {
          if (courseField >= 0 && builder.isLearning) learnCourse(builder, row.bytes, courseField);
          builder.addRow(row.bytes, row.line);
        } else {
          builder.reject(rejectRagged(row, fields, found));
        }
      }
    }
    if (builder !== undefined) yield* builder.take();
  }
  // Without a first row there is no header: the file has no bytes at all.
  const last = builder ?? new PartBuilder({ table, columns: [], isNullText: true }, fileIndex);
  yield* last.finish(builder === undefined ? 'zero-bytes' : '');
}

function readHeader(row: TsvRow): readonly string[] | undefined {
  if (row.kind === 'too-long') return undefined;
  const count = countFields(row.bytes);
  const names: string[] = [];
  for (let index = 0; index < count; index++) {
    names.push(unescapeTsv(fieldAt(row.bytes, index) ?? Buffer.alloc(0)).toString('utf8'));
  }
  // Files that went through another system can begin with a byte order mark.
  names[0] = (names[0] ?? '').replace(/^\uFEFF/, '');
  return names;
}

function learnCourse(builder: PartBuilder, row: Buffer, courseField: number): void {
  const value = unescapeTsv(fieldAt(row, courseField) ?? Buffer.alloc(0))
    .toString('utf8')
    .trim();
  if (value !== '' && value !== 'NULL') builder.learnCourse(value);
}

function rejectRagged(row: TsvRow & { kind: 'row' }, wanted: number, found: number) {
  return {
    line: row.line,
    reason: 'ragged' as const,
    detail: `The header has ${wanted} fields and this row has ${found}. A text with a bare TAB in it, or a row that was cut, looks so.`,
    raw: row.bytes,
  };
}

export function rejectTooLong(row: TsvRow & { kind: 'too-long' }) {
  return {
    line: row.line,
    reason: 'row-too-long' as const,
    detail: `The row has ${row.length} bytes; its SHA-256 is ${row.sha256}. Its first ${row.head.length} bytes are kept.`,
    raw: row.head,
  };
}

function unreadableHeader(row: TsvRow): EncodedPart {
  const length = row.kind === 'too-long' ? row.length : row.bytes.length;
  return {
    kind: 'fault',
    reason: 'no-header',
    detail: `The first line has ${length} bytes and cannot be the names of columns. Ask edX for the file again if the table matters.`,
  };
}

function unknownTable(header: readonly string[]): EncodedPart {
  const names = header.slice(0, 8).join(', ').slice(0, 200);
  return {
    kind: 'fault',
    reason: 'table-unknown',
    detail: `The name of the file was cut before the table, and its header (${names}) is that of no table that is known. Please report this header.`,
  };
}
