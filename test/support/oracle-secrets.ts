/**
 * Masks the values of password fields in a line by regular expressions: at the root of JSON, and
 * inside one JSON string (implicit events), where the line may also break off.
 *
 *   \"password\": [\"hunter2\"]   →   \"password\": [\"*******\"]
 */
const NAME = '[A-Za-z0-9_-]*?(?:password|passwd|passphrase)(?:[12]|_confirm|_confirmation)?';

/** Characters of a value at each depth, an escape counting as one, and the quote of that depth. */
const DEPTHS = [
  { quote: '"', body: String.raw`(?:[^"\\]|\\.)*` },
  {
    quote: String.raw`\\"`,
    // The inner escape \X is written \\X, and \\\X where X itself needs one. A cut may end in \\.
    body: String.raw`(?:[^"\\]|\\\\(?:\\["\\]|[^"\\]))*(?:\\\\)?`,
  },
];

export interface MaskedLine {
  readonly bytes: Buffer;
  readonly isMasked: boolean;
}

export function maskSecrets(line: Buffer): MaskedLine {
  let text = line.toString('latin1');
  for (const { quote, body } of DEPTHS) {
    const list = `\\[\\s*${quote}${body}(?:${quote}\\s*,\\s*${quote}${body})*`;
    const values = `${list}|${quote}${body}`;
    const field = new RegExp(`(${quote}${NAME}${quote}\\s*:\\s*)(${values})`, 'gi');
    const value = new RegExp(`(${quote})(${body})(${quote}|$)`, 'g');
    text = text.replace(field, (_, name: string, found: string) => {
      const masked = found.replace(
        value,
        (_all, open: string, secret: string, close: string) =>
          `${open}${'*'.repeat(secret.length)}${close}`,
      );
      return `${name}${masked}`;
    });
  }
  const bytes = Buffer.from(text, 'latin1');
  return { bytes, isMasked: !bytes.equals(line) };
}
