/** The INSERT that takes rejected rows, bytes and all, into `rejected_rows`. */
import type { BulkInsert } from '#shared/warehouse/warehouse';
import type { LedgerEntry } from './database-file.js';
import type { RejectedRow } from './encoded-part.js';

const COLUMNS = {
  organization: 'String',
  site: 'String',
  course_id: 'String',
  table_name: 'String',
  snapshot_date: 'String',
  line: 'UInt64',
  reason: 'String',
  detail: 'String',
  raw: 'String',
  file_id: 'UInt64',
} as const;

export function insertOfRejectedRows(
  rejected: readonly { readonly entry: LedgerEntry; readonly row: RejectedRow }[],
): BulkInsert {
  return {
    table: 'rejected_rows',
    columns: Object.keys(COLUMNS),
    structure: Object.entries(COLUMNS)
      .map(([name, type]) => `${name} ${type}`)
      .join(', '),
    // RowBinary, because the bytes of a rejected row may be anything.
    format: 'RowBinary',
    body: (async function* () {
      for (const { entry, row } of rejected) yield encode(entry, row);
    })(),
  };
}

function encode(entry: LedgerEntry, row: RejectedRow): Buffer {
  return Buffer.concat([
    text(entry.organization),
    text(entry.site),
    text(entry.courseId),
    text(entry.table),
    text(entry.snapshotDate),
    number(BigInt(row.line)),
    text(row.reason),
    text(row.detail),
    string(row.raw),
    number(BigInt(entry.fileId)),
  ]);
}

function text(value: string): Buffer {
  return string(Buffer.from(value));
}

/** A string of RowBinary: its length as LEB128, then its bytes. */
function string(value: Uint8Array): Buffer {
  const length: number[] = [];
  let rest = value.length;
  do {
    const isLast = rest < 0x80;
    length.push(isLast ? rest : (rest & 0x7f) | 0x80);
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from(length), value]);
}

function number(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
