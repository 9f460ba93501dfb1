/**
 * One 512-byte tar header block and what it says. In goes the block, out comes the header, `zeros`
 * for a block of the end mark, or `invalid` with the reason. It knows v7, ustar and GNU headers;
 * what pax and GNU long names add is put together in tar-headers.ts.
 *
 *   0 name (100)   124 size (12)   148 checksum (8)   156 type   257 magic (6)   345 prefix (155)
 */
export const BLOCK_BYTES = 512;

export type TarHeader =
  | {
      readonly kind: 'header';
      readonly path: string;
      /** The type flag as a character; '\0' of old archives is given as '0'. */
      readonly type: string;
      readonly bytes: number;
      /** Blocks that continue the map of an old GNU sparse file stand between header and body. */
      readonly hasSparseExtension: boolean;
    }
  | { readonly kind: 'zeros' }
  | { readonly kind: 'invalid'; readonly detail: string };

const SPACE = 0x20;
const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;
const SPARSE_EXTENDED_AT = 482;

export function readTarHeader(block: Buffer): TarHeader {
  const sums = sumBlock(block);
  if (sums.isZero) return { kind: 'zeros' };
  const written = readOctal(block.subarray(CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_BYTES));
  // Some old writers summed the bytes as signed numbers; both sums are in use.
  if (written === undefined || (written !== sums.unsigned && written !== sums.signed)) {
    return { kind: 'invalid', detail: 'the checksum does not match' };
  }
  const bytes = readNumber(block.subarray(124, 136));
  if (bytes === undefined) return { kind: 'invalid', detail: 'its size is not a number' };

  const name = readText(block.subarray(0, 100));
  const magic = block.toString('latin1', 257, 263);
  // GNU headers (`ustar ` with a space) keep times where ustar keeps the prefix.
  const prefix = magic === 'ustar\0' ? readText(block.subarray(345, 500)) : '';
  const path = prefix === '' ? name : `${prefix}/${name}`;
  const flag = block[156] === 0 ? '0' : String.fromCharCode(block[156] ?? 0);
  const type = flag === '0' && path.endsWith('/') ? '5' : flag;
  const hasSparseExtension = type === 'S' && block[SPARSE_EXTENDED_AT] === 1;
  return { kind: 'header', path, type, bytes, hasSparseExtension };
}

/** True where these bytes begin as a tar does, whatever the file is called. */
export function looksLikeTar(head: Buffer): boolean {
  return (
    head.length >= BLOCK_BYTES && readTarHeader(head.subarray(0, BLOCK_BYTES)).kind === 'header'
  );
}

/** The text up to the first NUL. */
export function readText(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? field.length : end);
}

function sumBlock(block: Buffer): { unsigned: number; signed: number; isZero: boolean } {
  let unsigned = 0;
  let signed = 0;
  let isZero = true;
  for (let at = 0; at < BLOCK_BYTES; at += 1) {
    const stored = block[at] ?? 0;
    if (stored !== 0) isZero = false;
    const isChecksum = at >= CHECKSUM_AT && at < CHECKSUM_AT + CHECKSUM_BYTES;
    const byte = isChecksum ? SPACE : stored;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  return { unsigned, signed, isZero };
}

/** Octal digits, or the base-256 form that GNU uses for sizes past 8 GiB. */
function readNumber(field: Buffer): number | undefined {
  const first = field[0] ?? 0;
  if ((first & 0x80) === 0) return readOctal(field);
  // 0xff begins a negative number, which no size is.
  if (first === 0xff) return undefined;
  let value = first & 0x7f;
  for (const byte of field.subarray(1)) value = value * 256 + byte;
  return Number.isSafeInteger(value) ? value : undefined;
}

function readOctal(field: Buffer): number | undefined {
  const digits = field.toString('latin1').replace(/\0.*$/s, '').trim();
  if (digits === '') return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}
