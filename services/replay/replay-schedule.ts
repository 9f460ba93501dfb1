/**
 * When an event is due: arithmetic only, no clock of its own.
 *
 *   event time   ──anchor──────────e────►      due(e) = anchor + (e − anchor) / speed
 *   clock        ──anchor────e──────────►
 *
 * What fell behind (a sink that was slow, a disk) is not emitted in one burst: from the moment the consumer
 * is ready again, event time runs at CATCH_UP times the speed until it is where it should be.
 */

/** The multiple of the speed at which what fell behind is caught up. */
export const CATCH_UP = 2;

const US_PER_MS = 1000;

/** A moment of the clock and the event time that belongs to it. */
interface Anchor {
  readonly clockMs: number;
  readonly eventUs: number;
}

export class ReplaySchedule {
  #speed: number;
  /** Undefined until the first event after a start or a seek says where event time stands. */
  #anchor: Anchor | undefined;
  /** From where catching up is counted: when the consumer was last ready, and what it had by then. */
  #ready: Anchor | undefined;
  /** When event time was made to stand still. */
  #pausedMs: number | undefined;

  /** Times the pace at which it happened; Infinity: no pace. */
  constructor(speed: number) {
    this.#speed = speed;
  }

  get speed(): number {
    return this.#speed;
  }

  /** Event time begins to run at this event, now, if it does not run yet. */
  begin(eventUs: number, nowMs: number): void {
    this.#anchor ??= { clockMs: nowMs, eventUs };
    this.#ready ??= this.#anchor;
  }

  /** Forgets where event time stands, until the next `begin`. */
  restart(): void {
    this.#anchor = undefined;
    this.#ready = undefined;
  }

  get isPaused(): boolean {
    return this.#pausedMs !== undefined;
  }

  /** Event time stands still from now on. */
  pause(nowMs: number): void {
    this.#pausedMs ??= nowMs;
  }

  /** Event time goes on from where it stood. */
  resume(nowMs: number): void {
    if (this.#pausedMs === undefined) return;
    const pausedForMs = nowMs - this.#pausedMs;
    this.#pausedMs = undefined;
    this.#shift({ clockMs: pausedForMs, eventUs: 0 });
  }

  /** From now on at this speed; event time goes on from where it is. */
  changeSpeed(speed: number, nowMs: number): void {
    const isPaced = Number.isFinite(this.#speed) && Number.isFinite(speed);
    if (isPaced && this.#anchor !== undefined) {
      const atMs = this.#pausedMs ?? nowMs;
      this.#anchor = { clockMs: atMs, eventUs: this.eventTimeUs(nowMs) };
    } else {
      this.restart();
    }
    this.#speed = speed;
  }

  /** Says that the consumer is ready for what comes after `eventUs`. */
  ready(eventUs: number, nowMs: number): void {
    this.#ready = { clockMs: nowMs, eventUs };
  }

  /** Leaves out so much of event time before the next event. */
  skip(gapUs: number): void {
    this.#shift({ clockMs: 0, eventUs: gapUs });
  }

  /** Milliseconds of the clock at which an event should be emitted, were nothing ever late. */
  dueMs(eventUs: number): number {
    return this.#after(this.#anchor, eventUs, this.#speed);
  }

  /** The same, and not before catching up allows it. */
  allowedMs(eventUs: number): number {
    return Math.max(this.dueMs(eventUs), this.#after(this.#ready, eventUs, this.#speed * CATCH_UP));
  }

  /** The event time that should be reached at this moment. */
  eventTimeUs(nowMs: number): number {
    if (this.#anchor === undefined) return Number.NaN;
    const { clockMs, eventUs } = this.#anchor;
    return eventUs + ((this.#pausedMs ?? nowMs) - clockMs) * US_PER_MS * this.#speed;
  }

  #shift({ clockMs, eventUs }: Anchor): void {
    const shifted = (from: Anchor | undefined) =>
      from && { clockMs: from.clockMs + clockMs, eventUs: from.eventUs + eventUs };
    this.#anchor = shifted(this.#anchor);
    this.#ready = shifted(this.#ready);
  }

  #after(from: Anchor | undefined, eventUs: number, speed: number): number {
    if (from === undefined || speed === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
    return from.clockMs + (eventUs - from.eventUs) / US_PER_MS / speed;
  }
}
