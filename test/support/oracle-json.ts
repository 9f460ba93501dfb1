/**
 * JSON as tracking logs have it, read the slow way: every byte of a line becomes one character, the
 * words NaN and Infinity become a number that is none, and JSON.parse does the rest.
 *
 * Bytes above 0x7f need not be UTF-8. They stand as characters of a private range until they are
 * written out again, so that they can be told from characters that were written as \u escapes.
 */
const PRIVATE_RANGE = 0xf700;

/** An object with the members that the oracle reads by name. */
export interface JsonObject {
  readonly [name: string]: unknown;
  readonly context?: unknown;
  readonly course_id?: unknown;
  readonly event?: unknown;
  readonly event_source?: unknown;
  readonly event_type?: unknown;
  readonly id?: unknown;
  readonly page?: unknown;
  readonly path?: unknown;
  readonly problem_id?: unknown;
  readonly referer?: unknown;
  readonly time?: unknown;
  readonly user_id?: unknown;
}

/** The object that the text is, or undefined where it is anything else. */
export function parseObject(text: string): JsonObject | undefined {
  const plain = text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) =>
    token.startsWith('"') ? token : '1e999',
  );
  try {
    return objectOf(JSON.parse(plain));
  } catch {
    return undefined;
  }
}

export function objectOf(value: unknown): JsonObject | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  // An object that is no array has members by name; the cast says only that.
  return isObject ? (value as JsonObject) : undefined;
}

/** One character for each byte. */
export function charactersOf(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[\x80-\xff]/g, (byte) => String.fromCharCode(PRIVATE_RANGE + byte.charCodeAt(0)));
}

/** The bytes of a string that was parsed from such characters. */
export function bytesOf(text: string): Buffer {
  const parts = text.match(/[\uf780-\uf7ff]|[^\uf780-\uf7ff]+/g) ?? [];
  return Buffer.concat(
    parts.map((part) => {
      const code = part.charCodeAt(0) - PRIVATE_RANGE;
      return code >= 0x80 && code <= 0xff ? Buffer.from([code]) : Buffer.from(part, 'utf8');
    }),
  );
}

/** A text field as a column of text: an absent one is empty, another kind of value is its JSON. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
