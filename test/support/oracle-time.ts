/**
 * The time of an event by the rules of the format (UTC; naive times are UTC; integers count from
 * 1970 in seconds, milliseconds or microseconds), in microseconds since 1970.
 */
export type TimeState = 'ok' | 'missing' | 'unparsable' | 'implausible';

export interface EventTime {
  readonly state: TimeState;
  readonly us: bigint;
  readonly isLate: boolean;
}

const DAY_US = 86_400_000_000n;
const EARLIEST_US = BigInt(Date.UTC(2012, 0, 1)) * 1000n;
const TOO_LATE_US = BigInt(Date.UTC(2255, 0, 1)) * 1000n;
const SKEW_US = 6n * 3_600_000_000n;

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:(Z)|([+-])(\d\d):?(\d\d))?$/;

export function eventTime(time: unknown, logDate: string): EventTime {
  const startUs = BigInt(Date.parse(`${logDate}T00:00:00Z`)) * 1000n;
  const endUs = startUs + DAY_US - 1n;
  if (time === undefined || time === null || time === '') {
    return { state: 'missing', us: endUs, isLate: false };
  }
  const us = microseconds(time);
  if (us === undefined) return { state: 'unparsable', us: endUs, isLate: false };
  if (us < EARLIEST_US || us >= TOO_LATE_US) {
    return { state: 'implausible', us: endUs, isLate: false };
  }
  return { state: 'ok', us, isLate: us < startUs - SKEW_US };
}

function microseconds(time: unknown): bigint | undefined {
  if (typeof time === 'number') {
    if (!Number.isInteger(time)) return undefined;
    if (time >= 1e14) return BigInt(time);
    return time >= 1e11 ? BigInt(time) * 1000n : BigInt(time) * 1_000_000n;
  }
  if (typeof time !== 'string') return undefined;
  const found = ISO.exec(time.trim());
  if (found === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', , sign, offsetHours, offset] =
    found;
  const parts = [year, month, day, hour, minute, second].map(Number);
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = parts;
  const date = new Date(0);
  date.setUTCFullYear(y, mo - 1, d);
  const isReal = date.getUTCMonth() === mo - 1 && date.getUTCDate() === d;
  if (!isReal || h > 23 || mi > 59 || s > 59) return undefined;
  const seconds = BigInt(date.getTime() / 1000 + h * 3600 + mi * 60 + s);
  const offsetSeconds =
    sign === undefined ? 0n : BigInt(Number(offsetHours) * 3600 + Number(offset) * 60);
  const utc = sign === '-' ? seconds + offsetSeconds : seconds - offsetSeconds;
  return utc * 1_000_000n + BigInt(fraction.padEnd(6, '0').slice(0, 6));
}
