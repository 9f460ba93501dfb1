/** `context.user_id` where it is nothing but up to fifteen digits; every other form is left to the caller. */
export function readUsualUserId(from: u32, to: u32): f64 {
  const length = to - from;
  if (length === 0 || length > 15) return NaN;
  let value: u64 = 0;
  for (let at = from; at < to; at++) {
    const digit: u32 = (load<u8>(at) as u32) - 0x30;
    if (digit > 9) return NaN;
    value = value * 10 + (digit as u64);
  }
  return value as f64;
}
