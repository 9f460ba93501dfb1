/** Forms of `time` that real logs have, and what each means. */
import {
  clockOf,
  DAY_US,
  dateOf,
  floorSecond,
  fractionOf,
  HOUR_US,
  isoTime,
  MINUTE_US,
  SECOND_US,
} from './calendar.js';
import type { OddShape } from './odd-lines.js';
import { withParts } from './odd-parts.js';
import type { TimeState } from './tally.js';

/** A usable time of another form; `us` says what it is where the form loses digits. */
function spelled(
  spell: (nowUs: number) => string,
  meaning: (nowUs: number) => number = (nowUs) => nowUs,
): OddShape {
  return (session, nowUs) =>
    withParts(
      session,
      nowUs,
      { time: spell(nowUs) },
      { time: { state: 'ok', us: meaning(nowUs) } },
    );
}

function unusable(time: string | undefined, state: Exclude<TimeState, 'ok'>): OddShape {
  return (session, nowUs) => withParts(session, nowUs, { time }, { time: { state } });
}

const floorMilli = (us: number) => Math.floor(us / 1000) * 1000;
/** Six digits also where the ordinary form leaves zeros out. */
const sixDigits = (us: number) => fractionOf(us) || '.000000';

/** A time other than now, in the ordinary form. */
const elsewhen = (meaning: (nowUs: number) => number) =>
  spelled((us) => `"${isoTime(meaning(us))}"`, meaning);

export const TIME_SHAPES: Record<string, OddShape> = {
  // The log was rotated a little early: this line of yesterday is in today's file, but not late.
  'time-before-midnight': elsewhen((us) => Math.floor(us / DAY_US) * DAY_US - 90 * SECOND_US),
  // A request that was logged two days after it was made.
  'time-two-days-ago': elsewhen((us) => us - 2 * DAY_US),
  'time-naive': spelled((us) => `"${dateOf(us)}T${clockOf(us)}${sixDigits(us)}"`),
  'time-no-fraction': spelled((us) => `"${dateOf(us)}T${clockOf(us)}+00:00"`, floorSecond),
  'time-three-digits': spelled(
    (us) => `"${dateOf(us)}T${clockOf(us)}${sixDigits(us).slice(0, 4)}+00:00"`,
    floorMilli,
  ),
  'time-space': spelled((us) => `"${dateOf(us)} ${clockOf(us)}${sixDigits(us)}+00:00"`),
  'time-z': spelled((us) => `"${dateOf(us)}T${clockOf(us)}${sixDigits(us)}Z"`),
  'time-offset-east': spelled((us) => {
    const local = us + 5 * HOUR_US + 30 * MINUTE_US;
    return `"${dateOf(local)}T${clockOf(local)}${sixDigits(local)}+05:30"`;
  }),
  'time-offset-west': spelled((us) => {
    const local = us - 4 * HOUR_US;
    return `"${dateOf(local)}T${clockOf(local)}${sixDigits(local)}-04:00"`;
  }),
  'time-integer-seconds': spelled((us) => String(Math.floor(us / 1e6)), floorSecond),
  'time-integer-millis': spelled((us) => String(Math.floor(us / 1000)), floorMilli),
  'time-integer-micros': spelled((us) => String(us)),
  'time-year-300': unusable('"0300-01-01T00:00:00.000000+00:00"', 'implausible'),
  'time-year-9999': unusable('"9999-12-31T23:59:59.999999+00:00"', 'implausible'),
  'time-1970': unusable('"1970-01-01T00:00:07.123000+00:00"', 'implausible'),
  'time-before-2012': unusable('"2011-12-31T23:59:59.999999+00:00"', 'implausible'),
  'time-words': unusable('"yesterday at noon"', 'unparsable'),
  'time-thirteenth-month': unusable('"2013-13-45T25:61:00"', 'unparsable'),
  'time-absent': unusable(undefined, 'missing'),
  'time-null': unusable('null', 'missing'),
  'time-empty': unusable('""', 'missing'),
};
