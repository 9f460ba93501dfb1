/**
 * Which of the deliveries have to be read, so that everything is in at the least cost, and what is missing.
 *
 *   cumulative tars    ○ ○ ○ ○ ●      the newest holds all days
 *   weekly zips        ○ ○ ○ ○ ●      each is a whole snapshot (● ● ● ● ● where all are asked for)
 *   e-mail opt-in      ○ ○ ○ ○ ●
 *   daily log files    ● ● ● ● ●      each holds its own day
 *
 * What is chosen and was read before costs nothing, as its ETag is known.
 */
import { addDays, daysBetween } from '#shared/packages/calendar-date';
import type { Delivery } from './find-deliveries.js';

export interface ChosenDeliveries {
  /** To be read unless they are known, by date. */
  readonly chosen: readonly Delivery[];
  /** In a newer delivery as a whole; not read. */
  readonly superseded: readonly Delivery[];
  /** In words, for people. */
  readonly missing: readonly string[];
}

/** A weekly package that comes a day or two later is not missing. */
const PACKAGE_INTERVAL_DAYS_MAX = 10;
const KINDS = {
  tracking: 'tracking tar',
  database: 'database zip',
  'email-opt-in': 'e-mail opt-in zip',
} as const;

export function chooseDeliveries(
  deliveries: readonly Delivery[],
  { snapshots }: { readonly snapshots: 'newest' | 'all' },
): ChosenDeliveries {
  const chosen = new Set<Delivery>();
  const missing: string[] = [];
  for (const kind of ['tracking', 'database', 'email-opt-in'] as const) {
    const ofKind = deliveries.filter((delivery) => delivery.kind === kind);
    const isAll = snapshots === 'all' && kind !== 'tracking';
    for (const delivery of isAll ? ofKind : newestOf(ofKind)) chosen.add(delivery);
    missing.push(...gapsBetweenPackages(KINDS[kind], ofKind));
  }
  const daily = deliveries.filter(({ kind }) => kind === 'daily');
  for (const delivery of daily) chosen.add(delivery);
  for (const site of [...new Set(daily.map((delivery) => delivery.site))].sort()) {
    missing.push(...gapsBetweenDays(site, daily));
  }
  return {
    chosen: deliveries.filter((delivery) => chosen.has(delivery)),
    superseded: deliveries.filter((delivery) => !chosen.has(delivery)),
    missing,
  };
}

/** All of the newest date: one name may have been written in two ways. */
function newestOf(deliveries: readonly Delivery[]): readonly Delivery[] {
  const newest = deliveries.at(-1)?.date;
  return deliveries.filter(({ date }) => date === newest);
}

function gapsBetweenPackages(what: string, deliveries: readonly Delivery[]): string[] {
  const dates = [...new Set(deliveries.map(({ date }) => date))];
  return dates.flatMap((last, index) => {
    const first = dates[index - 1];
    if (first === undefined || daysBetween({ first, last }) <= PACKAGE_INTERVAL_DAYS_MAX) return [];
    return [`no ${what} between ${first} and ${last}`];
  });
}

function gapsBetweenDays(site: string, daily: readonly Delivery[]): string[] {
  const days = [...new Set(daily.filter((one) => one.site === site).map(({ date }) => date))];
  return days.flatMap((last, index) => {
    const first = days[index - 1];
    const distance = first === undefined ? 0 : daysBetween({ first, last });
    if (first === undefined || distance <= 1) return [];
    const [from, to] = [addDays(first, 1), addDays(last, -1)];
    const which = from === to ? from : `${from} to ${to} (${distance - 1} days)`;
    return [`no daily log file of ${site} for ${which}`];
  });
}
