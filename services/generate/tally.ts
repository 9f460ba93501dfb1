/**
 * Counts what is written, line by line, as the generator knows it by writing: nothing is parsed
 * afterwards. These counts become expected.json.
 */
export type TimeState = 'ok' | 'missing' | 'unparsable' | 'implausible';
export type RejectReason = 'not-json' | 'not-object' | 'cut';

/** What a reader has to make of one line. */
export type LineOutcome =
  | {
      readonly kind: 'event';
      /** `''` for an event of no course. */
      readonly courseId: string;
      readonly username: string;
      readonly time:
        | { readonly state: 'ok'; readonly us: number }
        | { readonly state: Exclude<TimeState, 'ok'> };
      readonly hasSecret: boolean;
    }
  | { readonly kind: 'rejected'; readonly reason: RejectReason; readonly hasSecret: boolean }
  | { readonly kind: 'blank' };

export interface CourseTally {
  events: number;
  /** Usernames that are not empty. */
  readonly learners: Set<string>;
  /** Of events whose time is usable. */
  firstUs: number;
  lastUs: number;
}

/** An event is late where its time is before the start of its log date by more than this. */
export const SKEW_US = 6 * 3600e6;

export class Tally {
  lines = 0;
  events = 0;
  blank = 0;
  late = 0;
  maskedEvents = 0;
  maskedRejected = 0;
  readonly rejected: Record<RejectReason, number> = { 'not-json': 0, 'not-object': 0, cut: 0 };
  readonly timeStates: Record<TimeState, number> = {
    ok: 0,
    missing: 0,
    unparsable: 0,
    implausible: 0,
  };
  readonly courses = new Map<string, CourseTally>();
  #courseId: string | undefined;
  #course: CourseTally = emptyCourse();

  add(outcome: LineOutcome, lateBeforeUs: number): void {
    switch (outcome.kind) {
      case 'event': {
        const { time } = outcome;
        this.#event(outcome.courseId, outcome.username);
        this.timeStates[time.state]++;
        if (outcome.hasSecret) this.maskedEvents++;
        if (time.state === 'ok') this.#time(time.us, lateBeforeUs);
        return;
      }
      case 'rejected':
        this.lines++;
        this.rejected[outcome.reason]++;
        if (outcome.hasSecret) this.maskedRejected++;
        return;
      case 'blank':
        this.lines++;
        this.blank++;
        return;
      default:
        outcome satisfies never;
    }
  }

  /** The common case, without an outcome object: an event with a usable time and no secret. */
  addEvent(courseId: string, username: string, timeUs: number, lateBeforeUs: number): void {
    this.#event(courseId, username);
    this.timeStates.ok++;
    this.#time(timeUs, lateBeforeUs);
  }

  /** Adds the counts of another tally, such as those of one file to those of a package. */
  include(other: Tally): void {
    this.lines += other.lines;
    this.events += other.events;
    this.blank += other.blank;
    this.late += other.late;
    this.maskedEvents += other.maskedEvents;
    this.maskedRejected += other.maskedRejected;
    addCounts(this.rejected, other.rejected);
    addCounts(this.timeStates, other.timeStates);
    for (const [courseId, theirs] of other.courses) {
      const ours = this.#courseOf(courseId);
      ours.events += theirs.events;
      for (const learner of theirs.learners) ours.learners.add(learner);
      ours.firstUs = Math.min(ours.firstUs, theirs.firstUs);
      ours.lastUs = Math.max(ours.lastUs, theirs.lastUs);
    }
  }

  /** Frees what only a total needs: learners of a file take more memory than all its counts. */
  forgetLearners(): void {
    for (const course of this.courses.values()) course.learners.clear();
  }

  copy(): Tally {
    const copied = new Tally();
    copied.include(this);
    return copied;
  }

  #event(courseId: string, username: string): void {
    this.lines++;
    this.events++;
    if (courseId !== this.#courseId) {
      this.#course = this.#courseOf(courseId);
      this.#courseId = courseId;
    }
    this.#course.events++;
    if (username !== '') this.#course.learners.add(username);
  }

  #time(timeUs: number, lateBeforeUs: number): void {
    if (timeUs < lateBeforeUs) this.late++;
    if (timeUs < this.#course.firstUs) this.#course.firstUs = timeUs;
    if (timeUs > this.#course.lastUs) this.#course.lastUs = timeUs;
  }

  #courseOf(courseId: string): CourseTally {
    const known = this.courses.get(courseId);
    if (known !== undefined) return known;
    const begun = emptyCourse();
    this.courses.set(courseId, begun);
    return begun;
  }
}

function emptyCourse(): CourseTally {
  return {
    events: 0,
    learners: new Set(),
    firstUs: Number.POSITIVE_INFINITY,
    lastUs: Number.NEGATIVE_INFINITY,
  };
}

function addCounts<Key extends string>(target: Record<Key, number>, added: Record<Key, number>) {
  for (const key of Object.keys(added) as Key[]) {
    // Object.keys forgets that the keys of such a record are exactly Key.
    target[key] += added[key];
  }
}
