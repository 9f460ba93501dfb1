/**
 * Times as the generator holds them (microseconds since 1970, UTC, as whole numbers) and as edX
 * writes them. The fraction is left out when it is zero, as Python's isoformat does.
 */
export const SECOND_US = 1e6;
export const MINUTE_US = 60 * SECOND_US;
export const HOUR_US = 60 * MINUTE_US;
export const DAY_US = 24 * HOUR_US;

const CLOCK: string[] = [];
for (let second = 0; second < 86400; second++) {
  const two = (value: number) => String(value).padStart(2, '0');
  CLOCK.push(
    `${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`,
  );
}

let cachedDay = Number.NaN;
let cachedDate = '';

/** `2013-10-27` of a time. */
export function dateOf(timeUs: number): string {
  const day = Math.floor(timeUs / DAY_US);
  if (day !== cachedDay) {
    cachedDay = day;
    cachedDate = new Date(day * 86400e3).toISOString().slice(0, 10);
  }
  return cachedDate;
}

/** `14:26:53` of a time. */
export function clockOf(timeUs: number): string {
  const second = Math.floor((timeUs - Math.floor(timeUs / DAY_US) * DAY_US) / SECOND_US);
  return CLOCK[second] ?? '00:00:00';
}

/** `.723188`, or nothing for a whole second. */
export function fractionOf(timeUs: number): string {
  const micros = timeUs - Math.floor(timeUs / SECOND_US) * SECOND_US;
  return micros === 0 ? '' : `.${String(micros + 1e6).slice(1)}`;
}

/** `2013-10-27T14:26:53.723188+00:00`. */
export function isoTime(timeUs: number): string {
  return `${dateOf(timeUs)}T${clockOf(timeUs)}${fractionOf(timeUs)}+00:00`;
}

/** `2013-10-27 14:26:53`, as the database files have it. */
export function sqlTime(timeUs: number): string {
  return `${dateOf(timeUs)} ${clockOf(timeUs)}`;
}

/** `2013-10-27T14:26:53.723188Z`, always with six digits: the form of expected.json. */
export function exactTime(timeUs: number): string {
  return `${dateOf(timeUs)}T${clockOf(timeUs)}${fractionOf(timeUs) || '.000000'}Z`;
}

export function floorSecond(timeUs: number): number {
  return Math.floor(timeUs / SECOND_US) * SECOND_US;
}

/** The midnight that begins a date such as `2013-10-27`. */
export function startOfDate(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) * 1000;
}
