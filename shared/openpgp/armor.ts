/**
 * Takes the ASCII armor off a message, where it has one.
 *
 *   -----BEGIN PGP MESSAGE-----
 *   Version: …                       (any headers, then a blank line)
 *
 *   hQEMA…                           (base64 lines)
 *   =x1Yz                            (a CRC that older software adds)
 *   -----END PGP MESSAGE-----
 *
 * Binary messages pass through untouched. The CRC is not looked at: it protects from nothing that
 * the integrity code of the message does not notice, and current software leaves it out. As with
 * gpg, text before the armor and after it is ignored.
 */
import { PlaintextFault } from './message-fault.js';

const BEGIN = '-----BEGIN PGP ';
const MESSAGE = 'MESSAGE-----';
/** How far into a text the armor is looked for. */
const SEARCH_BYTES_MAX = 64 << 10;
/** Longer than any line of armor; keeps what a file without line ends can claim small. */
const LINE_CHARS_MAX = 64 << 10;

export async function* withoutArmor(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  let isBinary = false;
  let decoder: ArmorDecoder | undefined;
  let isEmpty = true;
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    if (isEmpty) {
      isEmpty = false;
      // Every packet begins with a byte whose highest bit is set, and no ASCII text does. (0xEF
      // begins the mark that some editors put before UTF-8; as a packet it would have tag 47.)
      const first = chunk[0] ?? 0;
      isBinary = first >= 0x80 && first !== 0xef;
      if (!isBinary) decoder = new ArmorDecoder();
    }
    if (isBinary) {
      yield chunk;
      continue;
    }
    const bytes = decoder?.decode(chunk.toString('latin1'));
    if (bytes !== undefined && bytes.length > 0) yield bytes;
  }
  if (isEmpty) throw new PlaintextFault('empty', 'it has no bytes; ask for the package again');
  if (!isBinary) decoder?.end();
}

type Place = 'before' | 'headers' | 'body' | 'after';

class ArmorDecoder {
  #place: Place = 'before';
  /** The beginning of a line whose end is still to come. */
  #line = '';
  #searched = 0;
  /** Up to three base64 characters that make no whole group of four yet. */
  #odd = '';

  decode(text: string): Buffer {
    const lines = (this.#line + text).split('\n');
    this.#line = lines.pop() ?? '';
    let base64 = this.#odd;
    for (const line of lines) base64 += this.#take(line.trimEnd());
    if (this.#place === 'before') {
      this.#searched += text.length;
      if (this.#searched > SEARCH_BYTES_MAX) throw notOpenpgp();
    }
    if (this.#line.length > LINE_CHARS_MAX) {
      throw new PlaintextFault(
        'damaged',
        `a line of its armor has over ${LINE_CHARS_MAX} characters`,
      );
    }
    const whole = base64.length - (base64.length % 4);
    this.#odd = base64.slice(whole);
    return Buffer.from(base64.slice(0, whole), 'base64');
  }

  /** Called where the text ends; the last line may lack its line end. */
  end(): void {
    this.#take(this.#line.trimEnd());
    if (this.#place === 'before') throw notOpenpgp();
    if (this.#place !== 'after') {
      throw new PlaintextFault(
        'truncated',
        'its ASCII armor ends before the line with END PGP MESSAGE',
      );
    }
  }

  /** The base64 of one line, or nothing. */
  #take(line: string): string {
    switch (this.#place) {
      case 'before': {
        const at = line.indexOf(BEGIN);
        if (at < 0) return '';
        const kind = line.slice(at + BEGIN.length);
        if (kind !== MESSAGE) {
          throw new PlaintextFault(
            'not-openpgp',
            `it is no encrypted message: its armor says BEGIN PGP ${kind.replaceAll('-', '')}`,
          );
        }
        this.#place = 'headers';
        return '';
      }
      case 'headers':
        if (line === '') this.#place = 'body';
        return '';
      case 'body':
        if (line.startsWith('-----')) this.#place = 'after';
        return line.startsWith('-') || line.startsWith('=') ? '' : line;
      case 'after':
        return '';
      default:
        return this.#place satisfies never;
    }
  }
}

function notOpenpgp(): PlaintextFault {
  return new PlaintextFault(
    'not-openpgp',
    'it is no OpenPGP message: it begins with no packet, and no line says BEGIN PGP MESSAGE',
  );
}
