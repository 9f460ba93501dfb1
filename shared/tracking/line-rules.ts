/**
 * What both readers of a tracking line agree on before they read: which columns there are, which
 * lines are blank, and the closed set of reasons for which a line is rejected.
 */

/** The text columns of `events` in the order in which both readers give them. */
export const FIELD_NAMES = [
  'event_type',
  'name',
  'event_source',
  'username',
  'session',
  'ip',
  'agent',
  'host',
  'page',
  'referer',
  'org_id',
  'path',
] as const;

/** The first so many text fields stand at the root of the object, the rest in its `context`. */
export const ROOT_TEXT_FIELDS = 10;

/**
 * `no-object`: there is no `{` in the line. `cut`: the text ends inside the object. `not-json`:
 * every other error of syntax, bytes after the object included. `too-deep`: nested beyond JSON_DEPTH_MAX.
 */
export type RejectReason = 'no-object' | 'cut' | 'not-json' | 'too-deep';

/**
 * Real events nest less than a dozen levels. The bound keeps a hostile line from costing memory
 * that grows with its brackets.
 */
export const JSON_DEPTH_MAX = 512;

/**
 * True for ASCII white space: space, \t, \n, \v, \f and \r. (A line holds no \n; values that were
 * written with escapes do.)
 */
export function isBlankByte(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** The end of the line without its trailing white space; `from` where the line is blank. */
export function trimmedEnd(bytes: Uint8Array, from: number, to: number): number {
  let end = to;
  while (end > from && isBlankByte(bytes[end - 1] ?? 0)) end--;
  return end;
}

/** What a rejected line says where it holds no object at all. */
export const NO_OBJECT_DETAIL = 'the line holds no "{"';
