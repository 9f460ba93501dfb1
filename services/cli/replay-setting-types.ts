/** How the settings of a replay are read: moments, durations, its speed and its sink. */
import { z } from 'zod';

const US_PER_MS = 1000;

const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(Z|\+00:00)?)?$/;

/** A day or a time of it, UTC, as microseconds since 1970. */
export function moment() {
  return z.string().transform((text, context) => {
    const [, day = '', time = '00:00'] = MOMENT.exec(text.trim()) ?? [];
    const [seconds = '', fraction = ''] = time.split('.');
    const ms = Date.parse(`${day}T${seconds}Z`);
    // Date.parse takes 2013-02-31 for a day of March.
    if (!Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day)) {
      return ms * US_PER_MS + Number(fraction.padEnd(6, '0'));
    }
    context.addIssue('expected a day or a time in UTC, such as 2013-10-01 or 2013-10-01T12:00:00');
    return z.NEVER;
  });
}

const UNIT_US: Readonly<Record<string, number>> = { s: 1e6, m: 60e6, h: 3600e6, d: 86_400e6 };

/** `30s`, `10m`, `2h` or `1d`, as microseconds. */
export function durationUs() {
  return z.string().transform((text, context) => {
    const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([smhd])$/.exec(text.trim()) ?? [];
    const us = Number(amount) * (UNIT_US[unit] ?? 0);
    if (us > 0) return Math.round(us);
    context.addIssue('expected a duration such as 30s, 10m, 2h or 1d');
    return z.NEVER;
  });
}

const SPEED_MIN = 0.001;
const SPEED_MAX = 1e9;

/** `60`, `0.5` or `max`, which is Infinity. */
export function replaySpeed() {
  return z.string().transform((text, context) => {
    if (text.trim() === 'max') return Number.POSITIVE_INFINITY;
    const speed = Number(text);
    if (/^\d+(\.\d+)?$/.test(text.trim()) && speed >= SPEED_MIN && speed <= SPEED_MAX) return speed;
    context.addIssue(`expected a number such as 60, from ${SPEED_MIN} to ${SPEED_MAX}, or max`);
    return z.NEVER;
  });
}

export type ReplaySinkChoice =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'kafka'; readonly topic: string };

/** `stdout`, or `kafka:` and what Kafka takes for the name of a topic. */
export function replaySink() {
  return z.string().transform((text, context): ReplaySinkChoice => {
    if (text.trim() === 'stdout') return { kind: 'stdout' };
    const topic = /^kafka:([\w.-]{1,249})$/.exec(text.trim())?.[1];
    if (topic !== undefined && topic !== '.' && topic !== '..') return { kind: 'kafka', topic };
    context.addIssue('expected stdout, or kafka: and the name of a topic, such as kafka:live');
    return z.NEVER;
  });
}

export function replayName() {
  return z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'expected a name of letters, digits, dots, dashes and underscores');
}
