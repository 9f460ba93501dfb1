/**
 * `context.user_id` from its bytes: a whole number, or a string of digits with white space around
 * it, to a number. Everything else, negative and fractional numbers included, is NaN: no user has it.
 */
import { isBlankByte } from './line-rules.js';

export function readUserId(bytes: Uint8Array, start: number, end: number): number {
  let from = start;
  let to = end;
  while (from < to && isBlankByte(bytes[from] ?? 0)) from++;
  while (to > from && isBlankByte(bytes[to - 1] ?? 0)) to--;
  if (from === to) return Number.NaN;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  // Beyond this two ids would share one number.
  return value <= Number.MAX_SAFE_INTEGER ? value : Number.NaN;
}
