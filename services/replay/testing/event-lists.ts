/** Events for tests of what paces and merges them, and a source that gives them. */
import type { EventSource } from '../replay.js';
import { comparePlaces, type ReplayedEvent } from '../replayed-event.js';

/** An event at so many seconds; its number is its line, so that equal times have an order. */
export function anEvent(seconds: number, line: number, courseId = 'a/b/c'): ReplayedEvent {
  return {
    courseId,
    timeUs: Math.round(seconds * 1e6),
    site: 'prod',
    organization: 'universitya',
    server: '',
    logDay: 16000,
    line,
    hasTime: true,
    jsonAt: 0,
    raw: Buffer.from(`{"n": ${line}}`),
  };
}

/** A source of these events in slices of this many; `opened` counts how often it was begun. */
export function sourceOf(
  events: readonly ReplayedEvent[],
  sliceEvents = 7,
): EventSource & { readonly opened: () => number } {
  let opened = 0;
  return {
    opened: () => opened,
    async *open(start) {
      opened += 1;
      const rest = events.filter((event) =>
        start.kind === 'at-time'
          ? event.timeUs >= start.timeUs
          : comparePlaces(event, start.place) > 0,
      );
      for (let at = 0; at < rest.length; at += sliceEvents) {
        yield rest.slice(at, at + sliceEvents);
      }
    },
  };
}
