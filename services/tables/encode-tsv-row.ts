/**
 * A row of a database file → the same row for ClickHouse, which reads nearly the same format.
 *
 * ClickHouse knows more escapes than edX's writers (`\b`, `\x41`, `\N`, …), so a backslash that is
 * data is doubled, and a TAB or LF that is data becomes `\t` or `\n`. Everything else is copied, and
 * a row without a backslash is copied whole: that is nearly all of them.
 *
 * Appended are the physical line and the place of the file in its batch, which also keeps a CR that
 * ends the last field away from the LF, where ClickHouse would take it for a line end of DOS.
 */
import { BACKSLASH, escapedByte, LF, TAB } from './unescape-tsv.js';

const LETTER_N = 0x6e;
const LETTER_T = 0x74;

/** How many fields a raw row has: one more than its TABs that are not data. */
export function countFields(row: Buffer): number {
  const hasBackslash = row.indexOf(BACKSLASH) >= 0;
  let fields = 1;
  for (let at = row.indexOf(TAB); at >= 0; at = row.indexOf(TAB, at + 1)) {
    if (!hasBackslash || !isEscaped(row, at)) fields++;
  }
  return fields;
}

/** The raw bytes of one field, or undefined where the row has fewer. */
export function fieldAt(row: Buffer, index: number): Buffer | undefined {
  let start = 0;
  let field = 0;
  for (;;) {
    let end = row.indexOf(TAB, start);
    while (end >= 0 && isEscaped(row, end)) end = row.indexOf(TAB, end + 1);
    if (field === index) return row.subarray(start, end < 0 ? row.length : end);
    if (end < 0) return undefined;
    start = end + 1;
    field++;
  }
}

function isEscaped(row: Buffer, at: number): boolean {
  let from = at;
  while (from > 0 && row[from - 1] === BACKSLASH) from--;
  return (at - from) % 2 === 1;
}

/** Bytes that encoding a row can take at most, before what is appended to it. */
export function encodedBytesMax(row: Buffer): number {
  return row.length * 2;
}

/** Writes the fields of a row, without line end; returns the position after them. */
export function encodeTsvRow(row: Buffer, target: Buffer, at: number): number {
  let from = row.indexOf(BACKSLASH);
  if (from < 0) return at + row.copy(target, at);
  let to = at + row.copy(target, at, 0, from);
  while (from < row.length) {
    const byte = row[from] ?? 0;
    from++;
    target[to++] = byte;
    if (byte !== BACKSLASH) continue;
    const next = row[from];
    if (next === undefined || escapedByte(next) === undefined) {
      target[to++] = BACKSLASH;
      continue;
    }
    target[to++] = next === TAB ? LETTER_T : next === LF ? LETTER_N : next;
    from++;
  }
  return to;
}
