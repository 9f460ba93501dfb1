/** What the stages of a replay are told, and what they answer (one line, JSON). */
export const BUSY_COURSE = 'UniversityA/CS1/2013_Fall';
/** As busy as a large course on the evening before a deadline. */
export const EVENTS_PER_SECOND = 12;
export const START_US = Date.UTC(2013, 9, 1) * 1000;

export interface FillInput {
  readonly data: string;
  readonly events: number;
}

export interface ReplayInput {
  readonly data: string;
  /** null: max. */
  readonly speed: number | null;
  /** The replay ends after as many events. */
  readonly events: number;
}

export interface ReplayAnswer {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly firstEventSeconds: number;
  /** 99 of 100 events were not further from when they were due; 0 at max. */
  readonly offSecondsP99: number;
  readonly events: number;
  readonly bytes: number;
}
