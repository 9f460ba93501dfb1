/**
 * Text inside k levels of JSON in JSON: where a double quote is, and which level it belongs to; and
 * where white space ends.
 *
 *   "event": "{\"a\": \"{\\\"b\\\": 1}\"}"        quotes of level 0, 1 and 2
 *
 * A quote has 2^k - 1 backslashes before it, and one whose run of r backslashes makes r + 1 divisible
 * by 2^k exactly belongs to level k; backslashes before those are content. Some writers put `\u0022`
 * for a quote, which stands for it one level further in.
 */
export interface EscapedQuote {
  readonly level: number;
  /** The first byte that belongs to the quote, backslashes of its own included. */
  readonly from: number;
  /** The first byte after it. */
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const TAB = 0x09;
const UNICODE_QUOTE = 'u0022';

/** How many backslashes stand at `from`. */
export function backslashesFrom(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] === BACKSLASH) at++;
  return at - from;
}

/** The quote at `at`, where `at` is its first backslash or the quote itself; undefined if it is none. */
export function quoteAt(bytes: Buffer, at: number, to: number): EscapedQuote | undefined {
  const run = backslashesFrom(bytes, at, to);
  const mark = at + run;
  if (mark >= to) return undefined;
  if (bytes[mark] === QUOTE) {
    const level = trailingZeros(run + 1);
    return { level, from: mark - (2 ** level - 1), end: mark + 1 };
  }
  const end = mark + UNICODE_QUOTE.length;
  if (run === 0 || end > to || bytes.toString('latin1', mark, end) !== UNICODE_QUOTE) {
    return undefined;
  }
  // While the run is even it is the text of an escape; once it is odd, its last one begins the escape.
  const halvings = trailingZeros(run);
  const inner = trailingZeros(run / 2 ** halvings + 1);
  return { level: halvings + inner, from: mark - 2 ** halvings * (2 ** inner - 1), end };
}

/** The quote that ends right before `end`, if no other backslash stands before it. */
export function quoteBefore(bytes: Buffer, from: number, end: number): EscapedQuote | undefined {
  let mark = end - 1;
  if (mark < from) return undefined;
  if (bytes[mark] !== QUOTE) {
    mark = end - UNICODE_QUOTE.length;
    if (mark <= from || bytes[mark - 1] !== BACKSLASH) return undefined;
  }
  let start = mark;
  while (start > from && bytes[start - 1] === BACKSLASH) start--;
  const quote = quoteAt(bytes, start, end);
  return quote?.end === end && quote.from === start ? quote : undefined;
}

/** Passes over spaces, tabs and the escapes of line ends that pretty-printed inner JSON has. */
export function skipSpace(bytes: Buffer, from: number, to: number): number {
  let at = from;
  for (;;) {
    while (at < to && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
    const run = backslashesFrom(bytes, at, to);
    const isLineEnd =
      run > 0 && at + run < to && /[nrt]/.test(String.fromCharCode(bytes[at + run] ?? 0));
    if (!isLineEnd) return at;
    at += run + 1;
  }
}

/** How often 2 divides the number, which is not 0. */
function trailingZeros(number: number): number {
  return 31 - Math.clz32(number & -number);
}
