/**
 * Passes over the bytes of a JSON literal or number, the NaN and the infinities of Python included.
 *
 * Nothing here looks at the end of the line: the caller has seen that its last byte is a `}`, at
 * which every literal and number stops. Loads are `as number` for the same reason.
 */
const NULL_WORD = Buffer.from('null');
const TRUE_WORD = Buffer.from('true');
const FALSE_WORD = Buffer.from('false');
const NAN_WORD = Buffer.from('NaN');
const INFINITY_WORD = Buffer.from('Infinity');

/** The end of the literal or number that begins here, or -1. */
export function passScalar(bytes: Buffer, from: number): number {
  switch (bytes[from]) {
    case 0x6e:
      return passWord(bytes, from, NULL_WORD);
    case 0x74:
      return passWord(bytes, from, TRUE_WORD);
    case 0x66:
      return passWord(bytes, from, FALSE_WORD);
    case 0x4e:
      return passWord(bytes, from, NAN_WORD);
    case 0x49:
      return passWord(bytes, from, INFINITY_WORD);
    default:
      return passNumber(bytes, from);
  }
}

function passWord(bytes: Buffer, from: number, word: Buffer): number {
  for (let i = 0; i < word.length; i++) if (bytes[from + i] !== word[i]) return -1;
  return from + word.length;
}

function passNumber(bytes: Buffer, from: number): number {
  let at = from;
  let byte = bytes[at] as number;
  if (byte === 0x2d) {
    byte = bytes[++at] as number;
    if (byte === 0x49) return passWord(bytes, at, INFINITY_WORD);
  }
  if (byte === 0x30) at++;
  else {
    at = passDigits(bytes, at);
    if (at < 0) return -1;
  }
  if (bytes[at] === 0x2e) {
    at = passDigits(bytes, at + 1);
    if (at < 0) return -1;
  }
  byte = bytes[at] as number;
  if (byte !== 0x65 && byte !== 0x45) return at;
  byte = bytes[at + 1] as number;
  return passDigits(bytes, byte === 0x2b || byte === 0x2d ? at + 2 : at + 1);
}

/** The end of one or more digits, or -1. */
function passDigits(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at] as number;
    if (!(byte >= 0x30 && byte <= 0x39)) return at === from ? -1 : at;
    at++;
  }
}
