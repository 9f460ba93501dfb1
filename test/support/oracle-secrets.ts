/**
 * Masks the values of password fields in a line by regular expressions: at the root of JSON, inside
 * one JSON string (implicit events), where the line may also break off, and in a dictionary of Python
 * inside one JSON string. Letters of a name may be written as escapes; digits of a number become nines.
 *
 *   \"password\": [\"hunter2\"]   →   \"password\": [\"*******\"]
 *   u'pwd': [u'hunter2', 10]      →   u'pwd': [u'*******', 99]
 */

/** A depth: the quote of its names, and by quote the characters of a string, an escape being one. */
interface Depth {
  readonly quote: string;
  readonly strings: Readonly<Record<string, string>>;
  /** How many backslashes an escape of a letter may have. */
  readonly backslashes: string;
  readonly prefix: string;
}

const DEPTHS: readonly Depth[] = [
  {
    quote: '"',
    strings: { '"': String.raw`(?:[^"\\]|\\.)*` },
    backslashes: String.raw`\\`,
    prefix: '',
  },
  {
    quote: String.raw`\\"`,
    // The inner escape \X is written \\X, and \\\X where X itself needs one. A cut may end in \\.
    strings: {
      [String.raw`\\"`]: String.raw`(?:[^"\\]|\\\\(?:\\["\\]|[^"\\])|\\u[0-9a-f]{4})*(?:\\\\)?`,
    },
    backslashes: String.raw`\\{1,2}`,
    prefix: '',
  },
  {
    quote: `'`,
    // Python's \' and \\ have each backslash twice in a JSON string, and a double quote has one.
    strings: {
      [`'`]: String.raw`(?:[^'"\\]|\\\\\\\\|\\\\[^\\]|\\")*`,
      [String.raw`\\"`]: String.raw`(?:[^"\\]|\\\\\\\\|\\\\[^\\])*`,
    },
    backslashes: String.raw`\\`,
    prefix: '[ub]?',
  },
];

export interface MaskedLine {
  readonly bytes: Buffer;
  readonly isMasked: boolean;
}

export function maskSecrets(line: Buffer): MaskedLine {
  let text = line.toString('latin1');
  for (const depth of DEPTHS) {
    const { quote, strings, prefix } = depth;
    const kinds = Object.entries(strings).map(
      ([open, characters]) => `(?:${open})(?:${characters})(?:${open}|$|(?="))`,
    );
    const one = `${prefix}(?:${kinds.join('|')})|-?[0-9][0-9.eE+-]*|null|None`;
    const some = String.raw`\[\s*(?:${one})(?:\s*,\s*(?:${one}))*|${one}`;
    const field = new RegExp(`(${quote}${nameAt(depth)}${quote}\\s*:\\s*)(${some})`, 'gi');
    const value = new RegExp(`${kinds.join('|')}|[0-9]`, 'g');
    text = text.replace(field, (_, name: string, found: string) => {
      const masked = found.replace(value, (each) => {
        const quotes = /^(\\?["'])(.*?)(\1|)$/s.exec(each) ?? [];
        const [, open = '', secret = '', close = ''] = quotes;
        return open === '' ? '9' : open + '*'.repeat(secret.length) + close;
      });
      return `${name}${masked}`;
    });
  }
  const bytes = Buffer.from(text, 'latin1');
  return { bytes, isMasked: !bytes.equals(line) };
}

function nameAt({ backslashes }: Depth): string {
  const word = (text: string) => [...text].map((letter) => orEscaped(letter, backslashes)).join('');
  const nouns = ['password', 'passwd', 'pwd', 'passphrase'].map(word).join('|');
  const ends = ['1', '2', '_confirm', '_confirmation'].map(word).join('|');
  const begin = `(?:[A-Za-z0-9_-]|${backslashes}u00[3-7][0-9a-f])*?`;
  return `${begin}(?:${nouns})(?:${ends})?`;
}

/** The letter in either case, or its escape. */
function orEscaped(letter: string, backslashes: string): string {
  const codes = [letter, letter.toUpperCase()].map((each) => each.charCodeAt(0).toString(16));
  return `(?:${letter}|${backslashes}u00(?:${codes.join('|')}))`;
}
