/**
 * A replay: events of a source, each emitted when it is due, and a handle by which it is paused, moved and
 * made faster or slower while it runs.
 *
 *   source ──slices──► wait until due ──batches──► whoever iterates
 *                            ▲
 *   control ── pause, resume, seek, speed
 *
 * Whoever iterates pulls: as long as it is busy with one batch, the next is not emitted, and what fell
 * behind is caught up as replay-schedule.ts says. A batch is what is due at one moment.
 */
import type { ReplayClock } from './replay-clock.js';
import { ReplaySchedule } from './replay-schedule.js';
import type { ReplayedEvent, StartPoint } from './replayed-event.js';

/** Events in their order, as often as somebody wants to begin anew. */
export interface EventSource {
  /** A slice of nothing says that what follows was not there before: it is due at once. */
  open(start: StartPoint, signal: AbortSignal): AsyncGenerator<readonly ReplayedEvent[]>;
}

export interface ReplayOptions {
  readonly start: StartPoint;
  /** Times the pace at which it happened; Infinity: as fast as it is taken. */
  readonly speed: number;
  readonly clock: ReplayClock;
  /** Longer pauses between two events are shortened to this, in event time. */
  readonly maxGapUs: number;
  /** Ends the replay after the batch that is being taken. */
  readonly signal: AbortSignal;
  /** Told of each pause that is shortened. */
  readonly onShortened?: (gap: { readonly fromUs: number; readonly toUs: number }) => void;
}

export interface ReplayStatus {
  /** Where event time stands, in microseconds since 1970; NaN before the first event. */
  readonly eventTimeUs: number;
  readonly speed: number;
  readonly isPaused: boolean;
  /** Everything there is was emitted, and the source looks for more now and then. */
  readonly isWaiting: boolean;
  readonly events: number;
  readonly gapsShortened: number;
  /** How often event time was moved or its speed changed: what was measured before does not count then. */
  readonly changes: number;
  /** Until the next event is due; 0 where one is due or none is known yet. */
  readonly nextInMs: number;
  /** How long ago the next event was due; 0 where none is overdue. */
  readonly lagMs: number;
}

const BATCH_BYTES = 1 << 20;

interface Asked {
  answer: IteratorResult<readonly ReplayedEvent[]> | { readonly error: unknown } | undefined;
}

export class Replay implements AsyncIterable<readonly ReplayedEvent[]> {
  readonly #source: EventSource;
  readonly #options: ReplayOptions;
  readonly #schedule: ReplaySchedule;
  #slices: { readonly of: AsyncGenerator<readonly ReplayedEvent[]>; close(): Promise<void> };
  /** What was asked of the source; its answer is put there when it comes. */
  #asked: Asked | undefined;
  #slice: readonly ReplayedEvent[] = [];
  #at = 0;
  /** The time of the last event emitted since the start or the last seek. */
  #lastUs: number | undefined;
  /** Where event time was before it began anew. */
  #shownUs = Number.NaN;
  #seekUs: number | undefined;
  #isWaiting = false;
  #events = 0;
  #gapsShortened = 0;
  #changes = 0;
  /** Fires at each change by the handle, and is then another one. */
  #change = new AbortController();
  /** Ends the wait for an answer of the source or for a change. */
  #wake = (): void => undefined;

  constructor(source: EventSource, options: ReplayOptions) {
    this.#source = source;
    this.#options = options;
    this.#schedule = new ReplaySchedule(options.speed);
    this.#slices = this.#open(options.start);
  }

  pause(): void {
    this.#schedule.pause(this.#nowMs());
    this.#changed();
  }

  resume(): void {
    this.#schedule.resume(this.#nowMs());
    this.#changed();
  }

  changeSpeed(speed: number): void {
    this.#schedule.changeSpeed(speed, this.#nowMs());
    this.#changed();
  }

  /** Goes on with the first event at this time or after it. */
  seek(timeUs: number): void {
    this.#seekUs = timeUs;
    this.#changed();
  }

  status(): ReplayStatus {
    const nowMs = this.#nowMs();
    const { isPaused, speed } = this.#schedule;
    const next = this.#slice[this.#at];
    const overdueMs =
      next === undefined || isPaused ? 0 : nowMs - this.#schedule.dueMs(next.timeUs);
    const isPaced = Number.isFinite(overdueMs);
    return {
      eventTimeUs: this.#seekUs ?? this.#eventTimeUs(nowMs, next?.timeUs),
      speed,
      isPaused,
      isWaiting: this.#isWaiting,
      events: this.#events,
      gapsShortened: this.#gapsShortened,
      changes: this.#changes,
      nextInMs: isPaced ? Math.max(0, -overdueMs) : 0,
      lagMs: isPaced ? Math.max(0, overdueMs) : 0,
    };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly ReplayedEvent[]> {
    const { signal } = this.#options;
    const stop = (): void => this.#changed();
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        if (this.#seekUs !== undefined) await this.#moveTo(this.#seekUs);
        else if (this.#schedule.isPaused) await this.#awoken();
        else if (this.#at === this.#slice.length) {
          if ((await this.#take()) === 'end') return;
        } else {
          const batch = await this.#nextBatch();
          if (batch === undefined) continue;
          yield batch;
          this.#schedule.ready(this.#lastUs ?? 0, this.#nowMs());
        }
      }
    } finally {
      signal.removeEventListener('abort', stop);
      await this.#slices.close();
    }
  }

  /** What is due, or undefined after a wait. */
  async #nextBatch(): Promise<readonly ReplayedEvent[] | undefined> {
    const first = this.#slice[this.#at];
    if (first === undefined) return undefined;
    this.#shortenGap(first.timeUs);
    const nowMs = this.#nowMs();
    this.#schedule.begin(first.timeUs, nowMs);
    const waitMs = this.#schedule.allowedMs(first.timeUs) - nowMs;
    if (waitMs > 0) {
      await this.#options.clock.wait(waitMs, this.#change.signal);
      return undefined;
    }
    const batch = this.#slice.slice(this.#at, this.#endOfBatch(nowMs));
    this.#at += batch.length;
    this.#events += batch.length;
    this.#lastUs = batch.at(-1)?.timeUs;
    return batch;
  }

  #endOfBatch(nowMs: number): number {
    let end = this.#at;
    let bytes = 0;
    let beforeUs = this.#slice[end]?.timeUs ?? 0;
    for (; end < this.#slice.length && bytes < BATCH_BYTES; end += 1) {
      const event = this.#slice[end];
      if (event === undefined || this.#schedule.allowedMs(event.timeUs) > nowMs) break;
      if (event.timeUs - beforeUs > this.#options.maxGapUs) break;
      bytes += event.raw.length;
      beforeUs = event.timeUs;
    }
    return end;
  }

  #shortenGap(nextUs: number): void {
    const { maxGapUs, onShortened } = this.#options;
    const fromUs = this.#lastUs;
    if (fromUs === undefined || nextUs - fromUs <= maxGapUs) return;
    // As if the event before had happened that much later: so it is done once.
    this.#lastUs = nextUs - maxGapUs;
    if (this.#schedule.speed === Number.POSITIVE_INFINITY) return;
    this.#schedule.skip(nextUs - fromUs - maxGapUs);
    this.#gapsShortened += 1;
    this.#changes += 1;
    onShortened?.({ fromUs, toUs: nextUs });
  }

  /** Takes the next slice; returns early, with nothing taken, at a change. */
  async #take(): Promise<'end' | 'taken' | 'changed'> {
    this.#asked ??= this.#ask();
    const asked = this.#asked;
    if (asked.answer === undefined) await this.#awoken();
    const { answer } = asked;
    if (answer === undefined) return 'changed';
    this.#asked = undefined;
    if ('error' in answer) throw answer.error;
    if (answer.done) return 'end';
    this.#slice = answer.value;
    this.#at = 0;
    this.#isWaiting = answer.value.length === 0;
    if (this.#isWaiting) this.#beginAnew();
    if (this.#lastUs !== undefined) this.#schedule.ready(this.#lastUs, this.#nowMs());
    return 'taken';
  }

  /** Not a race of promises: one that lives as long as the replay would keep all that it was raced with. */
  #ask(): Asked {
    const asked: Asked = { answer: undefined };
    const answered = (answer: NonNullable<Asked['answer']>): void => {
      asked.answer = answer;
      this.#wake();
    };
    this.#slices.of.next().then(answered, (error: unknown) => answered({ error }));
    return asked;
  }

  #awoken(): Promise<void> {
    return new Promise((resume) => {
      this.#wake = resume;
    });
  }

  async #moveTo(timeUs: number): Promise<void> {
    this.#seekUs = undefined;
    await this.#slices.close();
    this.#asked = undefined;
    this.#slice = [];
    this.#at = 0;
    this.#beginAnew();
    this.#isWaiting = false;
    this.#shownUs = timeUs;
    this.#slices = this.#open({ kind: 'at-time', timeUs });
  }

  /** The next event is due when it is there, however far it is from the one before. */
  #beginAnew(): void {
    this.#shownUs = this.#lastUs ?? this.#shownUs;
    this.#lastUs = undefined;
    this.#schedule.restart();
  }

  #open(start: StartPoint): {
    of: AsyncGenerator<readonly ReplayedEvent[]>;
    close(): Promise<void>;
  } {
    const closing = new AbortController();
    const slices = this.#source.open(start, closing.signal);
    return {
      of: slices,
      async close() {
        closing.abort();
        await slices.return(undefined);
      },
    };
  }

  #eventTimeUs(nowMs: number, nextUs: number | undefined): number {
    const lastUs = this.#lastUs ?? this.#shownUs;
    if (!Number.isFinite(this.#schedule.speed)) return lastUs;
    const timeUs = this.#schedule.eventTimeUs(nowMs);
    // Event time is never ahead of an event that is still to come.
    return Math.floor(Math.min(Number.isNaN(timeUs) ? lastUs : timeUs, nextUs ?? lastUs));
  }

  #changed(): void {
    this.#changes += 1;
    const before = this.#change;
    this.#change = new AbortController();
    before.abort();
    this.#wake();
  }

  #nowMs(): number {
    return this.#options.clock.nowMs();
  }
}
