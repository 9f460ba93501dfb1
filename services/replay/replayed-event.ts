/**
 * An event on its way out of the warehouse, and its place in the order of a course: event time, then where
 * its line stands. No two events have the same place.
 */

/** Where an event stands among those of its course. */
export interface EventPlace {
  /** Microseconds since 1970, UTC; the end of the log date where the event has no usable time. */
  readonly timeUs: number;
  readonly site: string;
  readonly organization: string;
  readonly server: string;
  /** Days since 1970-01-01. */
  readonly logDay: number;
  /** From 1. */
  readonly line: number;
}

export interface ReplayedEvent extends EventPlace {
  readonly courseId: string;
  /** False where the event time was missing, unparsable or implausible. */
  readonly hasTime: boolean;
  /** The byte of `raw` at which the JSON object begins. */
  readonly jsonAt: number;
  /** The line as it is stored: a view of the window it came in, good for as long as anybody holds it. */
  readonly raw: Buffer;
}

/** Where reading begins: at a time, that time included, or after an event that was read before. */
export type StartPoint =
  | { readonly kind: 'at-time'; readonly timeUs: number }
  | { readonly kind: 'after'; readonly place: EventPlace };

/** The order in which ClickHouse sorts the table `events` within a course. */
export function comparePlaces(a: EventPlace, b: EventPlace): number {
  return (
    a.timeUs - b.timeUs ||
    compareText(a.site, b.site) ||
    compareText(a.organization, b.organization) ||
    compareText(a.server, b.server) ||
    a.logDay - b.logDay ||
    a.line - b.line
  );
}

/** By bytes, as the engine compares; the order of UTF-16 units is another one. */
function compareText(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}
