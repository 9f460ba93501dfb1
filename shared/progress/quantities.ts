/** Quantities as people read them, the same everywhere. */

/** `12,345`. */
export function renderCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** `1 file`, `2 files`. */
export function renderCounted(count: number, noun: string): string {
  return `${renderCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** In powers of 1000, as disks are sold: `12.3 MB`. */
export function renderBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  // 999.5 would be written as 1000 of the smaller unit.
  while (value >= (unit === 0 ? 1000 : 999.5) && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? Math.round(value).toString() : value.toFixed(1);
  return `${digits} ${units[unit]}`;
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 40 min`. */
export function renderDuration(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** `71 %`; never 100 % of what is not done, never 0 % of what is. */
export function renderShare(part: number, whole: number): string {
  if (whole <= 0) return '100 %';
  const percent = Math.floor((100 * part) / whole);
  return `${Math.min(100, percent)} %`;
}
