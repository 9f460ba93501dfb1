/**
 * Which times of events are believed, in microseconds: from 2012-01-01 and before 2255-01-01, UTC, which is before
 * edX, and near the end of exact doubles. TypeScript imports this too.
 */
export const PLAUSIBLE_FROM_US: f64 = 1325376000000000;
export const PLAUSIBLE_TO_US: f64 = 8993721600000000;
