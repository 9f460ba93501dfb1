/**
 * Passes over the bytes of a JSON literal or number, the NaN and the infinities of Python included.
 *
 * Nothing here looks at the end of the line: the caller has seen that its last byte is a `}`, at which
 * every literal and number stops.
 */

// Four letters each, as they stand in memory read as one word.
const NULL_WORD: u32 = 0x6c6c756e;
const TRUE_WORD: u32 = 0x65757274;
const FALS_WORD: u32 = 0x736c6166;
const INFI_WORD: u32 = 0x69666e49;
const NITY_WORD: u32 = 0x7974696e;
const NOWHERE: u32 = 0;

/** The end of the literal or number that begins here; 0 where there is none. */
export function passScalar(from: u32): u32 {
  const word = load<u32>(from);
  if (word === NULL_WORD || word === TRUE_WORD) return from + 4;
  const byte = word & 0xff;
  if (byte === 0x66) return word === FALS_WORD && load<u8>(from + 4) === 0x65 ? from + 5 : NOWHERE;
  if (byte === 0x4e) return (word & 0xffffff) === 0x4e614e ? from + 3 : NOWHERE;
  if (byte === 0x49) return passInfinity(from);
  return passNumber(from);
}

function passInfinity(from: u32): u32 {
  const isWhole = load<u32>(from) === INFI_WORD && load<u32>(from + 4) === NITY_WORD;
  return isWhole ? from + 8 : NOWHERE;
}

function passNumber(from: u32): u32 {
  let at = from;
  let byte: u32 = load<u8>(at);
  if (byte === 0x2d) {
    at++;
    byte = load<u8>(at);
    if (byte === 0x49) return passInfinity(at);
  }
  if (byte === 0x30) {
    at++;
  } else {
    at = passDigits(at);
    if (at === NOWHERE) return NOWHERE;
  }
  if (load<u8>(at) === 0x2e) {
    at = passDigits(at + 1);
    if (at === NOWHERE) return NOWHERE;
  }
  byte = load<u8>(at);
  if (byte !== 0x65 && byte !== 0x45) return at;
  byte = load<u8>(at + 1);
  return passDigits(byte === 0x2b || byte === 0x2d ? at + 2 : at + 1);
}

/** The end of one or more digits; 0 where there is none. */
function passDigits(from: u32): u32 {
  let at = from;
  while ((load<u8>(at) as u32) - 0x30 < 10) at++;
  return at === from ? NOWHERE : at;
}
