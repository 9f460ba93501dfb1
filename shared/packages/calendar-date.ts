/**
 * Days as edX writes them in names: `YYYY-MM-DD`. In goes text, out come claims about it and other
 * days as text, which sort as days do. What surprises: `2013-02-30` has the right shape and is no
 * day; a name that carries it is damaged and must not be filed under a day nobody asked for.
 */
const DAY_MS = 86_400_000;
const SHAPE = /^\d{4}-\d{2}-\d{2}$/;

/** True for a day that exists, from the year 1970 on. */
export function isCalendarDate(text: string): boolean {
  if (!SHAPE.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return ms >= 0 && new Date(ms).toISOString().startsWith(text);
}

/** The day that comes `days` after this one (before it, where negative). */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** How many days lie from `first` to `last`; 0 for the same day, negative where last is earlier. */
export function daysBetween({ first, last }: { first: string; last: string }): number {
  return (Date.parse(`${last}T00:00:00Z`) - Date.parse(`${first}T00:00:00Z`)) / DAY_MS;
}
