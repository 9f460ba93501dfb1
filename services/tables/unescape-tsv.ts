/**
 * The escapes of a database file, undone in one pass.
 *
 * Three programs have written these files, each with its own escapes; one rule reads them all:
 *
 *   \n \t \r \0 \\        LF, TAB, CR, NUL, backslash
 *   \ before a raw TAB    that TAB          (the mapper that wrote courseware_studentmodule)
 *   \ before a raw LF     that LF           (the same)
 *   \ before anything     both stay         (no writer makes these, so nothing may be lost)
 *
 * One pass, because `\\n` is a backslash and an n: a second pass would make a line end of it.
 */
export const TAB = 0x09;
export const LF = 0x0a;
export const BACKSLASH = 0x5c;

const NUL = 0x00;
const CR = 0x0d;
const LETTER_N = 0x6e;
const LETTER_R = 0x72;
const LETTER_T = 0x74;
const DIGIT_0 = 0x30;

/** The value of a raw field. The result is a copy only where there was something to undo. */
export function unescapeTsv(field: Buffer): Buffer {
  let from = field.indexOf(BACKSLASH);
  if (from < 0) return field;
  const value = Buffer.allocUnsafe(field.length);
  let length = field.copy(value, 0, 0, from);
  while (from < field.length) {
    const byte = field[from] ?? 0;
    const undone = byte === BACKSLASH ? escapedByte(field[from + 1]) : undefined;
    value[length++] = undone ?? byte;
    from += undone === undefined ? 1 : 2;
  }
  return value.subarray(0, length);
}

/** The byte that a backslash and `next` stand for; undefined where the backslash stays. */
export function escapedByte(next: number | undefined): number | undefined {
  switch (next) {
    case LETTER_N:
    case LF:
      return LF;
    case LETTER_T:
    case TAB:
      return TAB;
    case LETTER_R:
      return CR;
    case DIGIT_0:
      return NUL;
    case BACKSLASH:
      return BACKSLASH;
    default:
      return undefined;
  }
}
