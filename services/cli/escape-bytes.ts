/**
 * Bytes of unknown origin as text that is safe on a terminal: what is UTF-8 stays readable, control
 * characters and everything else become `\xNN`, so that no line can move the cursor or colour the screen.
 */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

export function escapeBytes(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  // Where decoding lost nothing the text is UTF-8; otherwise each byte above ASCII is shown by number.
  const isUtf8 = Buffer.from(text, 'utf8').equals(bytes);
  if (isUtf8) return text.replace(CONTROL, (character) => escaped(Buffer.from(character, 'utf8')));
  return bytes
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, (character) => escaped(Buffer.from(character, 'latin1')));
}

function escaped(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
