/**
 * MongoDB's extended JSON, as mongoexport wrote it over the years, read into texts for the warehouse.
 *
 *   {"$oid": "50f3…"}                                       ids
 *   {"$date": 1358134453862}                                moments until about September 2015
 *   {"$date": "2013-12-13T02:59:58.520Z"} or "…+0000"       moments since then
 *   {"$date": {"$numberLong": "1358134453862"}}             moments as other versions write them
 *   {"$numberLong": "7"}, {"$numberInt": "7"}               numbers
 *
 * Every function returns null for what is absent, and the text as it stands for what is of another
 * kind than expected, so that the warehouse keeps it aside instead of losing it.
 */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of what should be an object; undefined where it is none, or has no such field. */
export function fieldOf(value: unknown, name: string): unknown {
  return isJsonObject(value) ? value[name] : undefined;
}

/** Any value as text; an id or a number is unwrapped, other objects stay JSON. */
export function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  if (isJsonObject(value)) {
    for (const wrapper of ['$oid', '$numberLong', '$numberInt', '$numberDouble']) {
      const wrapped = value[wrapper];
      if (typeof wrapped === 'string' || typeof wrapped === 'number') return String(wrapped);
    }
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A moment as `YYYY-MM-DD HH:MM:SS.mmm` in UTC. */
export function momentOf(value: unknown): string | null {
  const date = fieldOf(value, '$date') ?? value;
  const text = textOf(date);
  if (text === null) return null;
  const isCount = typeof date === 'number' || isJsonObject(date);
  const moment = new Date(isCount ? Number(text) : text);
  if (Number.isNaN(moment.getTime())) return text;
  return moment.toISOString().replace('T', ' ').replace('Z', '');
}

export function flagOf(value: unknown): string | null {
  return typeof value === 'boolean' ? (value ? '1' : '0') : textOf(value);
}

/** A list as JSON of texts: numbers of users come as strings and as numbers. */
export function listOf(value: unknown): string | null {
  if (!Array.isArray(value)) return null;
  return JSON.stringify(value.map((item) => textOf(item) ?? ''));
}

export function jsonOf(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}
