/**
 * What a site's database would hold at this moment of the simulation. Sessions change it as they
 * write log lines, and a snapshot reads it: that is why logs and database files agree. Its size
 * depends on learners, courses and problems, never on how many events were written.
 */
import { assert } from '#shared/errors';
import { DAY_US } from './calendar.js';
import { type Course, makeCourses, type Problem } from './course-outline.js';
import { type Learner, makeLearner } from './people.js';
import { Random } from './prng.js';
import type { Profile, Site } from './profile.js';

export interface ProblemState {
  readonly rowId: number;
  readonly createdUs: number;
  modifiedUs: number;
  attempts: number;
  /** Inputs answered rightly at the last attempt, one flag for each. */
  correct: readonly boolean[];
  answers: readonly string[];
}

export interface Position {
  readonly rowId: number;
  readonly createdUs: number;
  modifiedUs: number;
  /** 1-based unit. */
  unit: number;
}

export interface Enrolment {
  readonly rowId: number;
  readonly learner: Learner;
  readonly course: Course;
  readonly createdUs: number;
  readonly mode: string;
  isActive: boolean;
  /** The sequential where the learner goes on next time. */
  nextSequential: number;
  readonly problems: (ProblemState | undefined)[];
  readonly positions: (Position | undefined)[];
}

export interface Post {
  readonly oid: string;
  readonly author: Learner;
  /** The thread a response belongs to; undefined for a thread. */
  readonly threadOid: string | undefined;
  readonly board: string;
  readonly title: string;
  readonly body: string;
  readonly createdUs: number;
  /** User ids. */
  readonly upVotes: number[];
}

export interface SiteWorld {
  readonly site: Site;
  readonly courses: readonly Course[];
  readonly enrolments: readonly Enrolment[][];
  readonly posts: readonly Post[][];
  /** Learners who are still to come, the next one last. */
  readonly newcomers: Learner[];
  readonly random: Random;
  nextRowId: number;
  /** Enrolled learners, for choosing who studies next. */
  readonly students: Enrolment[];
}

export function makeWorld(profile: Profile, site: Site, startUs: number): SiteWorld {
  const random = Random.of(profile.seed, 'world', site);
  const prod = site === 'prod';
  const courses = makeCourses({
    seed: profile.seed,
    organization: profile.organization,
    site,
    // The edge site runs the first course too: the same id, other people.
    count: prod ? profile.courses : 1,
    startUs,
    days: profile.days,
  });
  const world: SiteWorld = {
    site,
    courses,
    enrolments: courses.map(() => []),
    posts: courses.map(() => []),
    newcomers: [],
    random,
    nextRowId: 1000,
    students: [],
  };
  const learners = prod ? profile.learners : Math.max(4, Math.floor(profile.learners * 0.08));
  for (let index = 0; index < learners; index++) {
    // Most were enrolled before the first log date, the first learner always.
    const early = random.fraction() < 0.85 || index === 0;
    const joinedUs = Math.floor(
      early
        ? startUs - (1 + random.fraction() * 60) * DAY_US
        : startUs + random.fraction() * profile.days * DAY_US * 0.95,
    );
    const learner = makeLearner({ seed: profile.seed, site, index, joinedUs });
    if (early) enrolSome(world, learner, joinedUs);
    else world.newcomers.push(learner);
  }
  world.newcomers.sort((one, other) => other.joinedUs - one.joinedUs);
  return world;
}

/** The courses a new learner takes: popular ones more often, each at most once. */
export function chooseCourses(world: SiteWorld): Course[] {
  const chosen = new Set<Course>();
  const wanted = world.random.chance(0.3) ? 2 : 1;
  for (let draw = 0; draw < wanted; draw++) {
    const rank = Math.floor(world.random.fraction() ** 1.6 * world.courses.length);
    const course = world.courses[rank];
    if (course !== undefined) chosen.add(course);
  }
  return [...chosen];
}

export function enrol(
  world: SiteWorld,
  learner: Learner,
  course: Course,
  nowUs: number,
): Enrolment {
  const enrolment: Enrolment = {
    rowId: world.nextRowId++,
    learner,
    course,
    createdUs: nowUs,
    mode: world.random.pick(['honor', 'honor', 'honor', 'audit', 'verified']),
    isActive: true,
    nextSequential: 0,
    problems: [],
    positions: [],
  };
  listOf(world.enrolments, course).push(enrolment);
  world.students.push(enrolment);
  return enrolment;
}

function enrolSome(world: SiteWorld, learner: Learner, nowUs: number): void {
  for (const course of chooseCourses(world)) enrol(world, learner, course, nowUs);
}

export function listOf<T>(lists: readonly T[][], course: Course): T[] {
  const list = lists[course.index];
  assert(list !== undefined, 'a course has its lists');
  return list;
}

export function pointsOf(state: ProblemState): number {
  return state.correct.filter(Boolean).length;
}

/** Earned of possible points over the whole course, 0 to 1. */
export function gradeOf(enrolment: Enrolment): number {
  let possible = 0;
  let earned = 0;
  for (const problem of enrolment.course.problems) {
    possible += problem.inputs;
    const state = enrolment.problems[problem.index];
    if (state !== undefined) earned += pointsOf(state);
  }
  return possible === 0 ? 0 : earned / possible;
}

/** The state of a problem for a learner, begun now if there is none. */
export function problemState(
  world: SiteWorld,
  enrolment: Enrolment,
  problem: Problem,
  nowUs: number,
): ProblemState {
  const known = enrolment.problems[problem.index];
  if (known !== undefined) return known;
  const begun: ProblemState = {
    rowId: world.nextRowId++,
    createdUs: nowUs,
    modifiedUs: nowUs,
    attempts: 0,
    correct: [],
    answers: [],
  };
  enrolment.problems[problem.index] = begun;
  return begun;
}

export function moveTo(
  world: SiteWorld,
  enrolment: Enrolment,
  place: { readonly sequential: number; readonly unit: number; readonly nowUs: number },
): void {
  const known = enrolment.positions[place.sequential];
  if (known === undefined) {
    enrolment.positions[place.sequential] = {
      rowId: world.nextRowId++,
      createdUs: place.nowUs,
      modifiedUs: place.nowUs,
      unit: place.unit,
    };
    return;
  }
  known.unit = place.unit;
  known.modifiedUs = place.nowUs;
}
