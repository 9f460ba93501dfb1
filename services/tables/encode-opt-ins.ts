/**
 * The file of e-mail opt-ins (true CSV: commas, quotes where needed, a header) → encoded parts.
 *
 * A quoted field may span lines. Where a quote is never closed, only the line that opens it is
 * rejected: lines are given back and read on their own once too many have been swallowed.
 */
import { type RowSource, rejectTooLong } from './encode-table-rows.js';
import { type EncodedPart, PartBuilder } from './encoded-part.js';
import { splitCsvRecord } from './split-csv-record.js';
import { splitTsvRows, type TsvRow } from './split-tsv-rows.js';
import { COURSE_COLUMN, columnsOfHeader } from './table-columns.js';

const TABLE = 'email_opt_in';
/** Lines that a quoted field may span; addresses have a few. */
const RECORD_LINES_MAX = 50;

export async function* encodeOptIns(
  plaintext: AsyncIterable<Buffer>,
  { fileIndex, rowBytesMax }: Omit<RowSource, 'table'>,
): AsyncIterable<EncodedPart> {
  let builder: PartBuilder | undefined;
  let fields = 0;
  let courseField = -1;
  let open: (TsvRow & { kind: 'row' })[] = [];

  const take = (row: TsvRow, isLast: boolean): void => {
    if (row.kind === 'too-long') {
      giveBack(isLast);
      builder?.reject(rejectTooLong(row));
      return;
    }
    open.push(row);
    const raw = Buffer.concat(open.flatMap(({ bytes }) => [bytes, LINE_END])).subarray(0, -1);
    const record = splitCsvRecord(raw.toString('utf8').replace(/\r$/, ''));
    if (record.kind === 'open') {
      if (open.length > RECORD_LINES_MAX) giveBack(isLast);
      return;
    }
    const line = open[0]?.line ?? row.line;
    open = [];
    if (builder === undefined) {
      const header = record.fields.map((field) => field.replace(/^\uFEFF/, ''));
      const columns = columnsOfHeader(TABLE, header);
      fields = columns.length;
      courseField = columns.findIndex(({ name }) => name === COURSE_COLUMN);
      builder = new PartBuilder({ table: TABLE, columns, isNullText: false }, fileIndex);
    } else if (raw.length === 0) {
      builder.addBlank();
    } else if (record.fields.length === fields) {
      const courseId = record.fields[courseField]?.trim();
      if (courseId !== undefined && courseId !== '') builder.learnCourse(courseId);
      builder.addValues(record.fields, line);
    } else {
      const detail = `The header has ${fields} fields and this record has ${record.fields.length}.`;
      builder.reject({ line, reason: 'ragged', detail, raw });
    }
  };

  /** Rejects the line that opens a quote for good, and takes those behind it on their own. */
  const giveBack = (isLast: boolean): void => {
    const [first, ...others] = open;
    open = [];
    if (first === undefined) return;
    const detail = 'A quote is opened and not closed.';
    builder?.reject({ line: first.line, reason: 'ragged', detail, raw: first.bytes });
    for (const row of others) take(row, isLast);
    if (isLast) giveBack(isLast);
  };

  const options = { isContinued: false, ...(rowBytesMax !== undefined && { rowBytesMax }) };
  for await (const rows of splitTsvRows(plaintext, options)) {
    for (const row of rows) take(row, false);
    if (builder !== undefined) yield* builder.take();
  }
  giveBack(true);
  const last =
    builder ?? new PartBuilder({ table: TABLE, columns: [], isNullText: false }, fileIndex);
  yield* last.finish(builder === undefined ? 'zero-bytes' : '');
}

const LINE_END = Buffer.from('\n');
