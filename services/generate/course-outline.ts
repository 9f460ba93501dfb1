/**
 * The courses of a site: ids of both key styles, and an outline of sequentials that hold videos and
 * problems, with the ids that logs and database files share.
 */
import { assert } from '#shared/errors';
import { DAY_US } from './calendar.js';
import { Random } from './prng.js';
import type { Site } from './profile.js';

export interface Problem {
  /** Its place among the problems of the course. */
  readonly index: number;
  /** `i4x://Org/Course/problem/name` or `block-v1:…`. */
  readonly usageId: string;
  /** The id as answers are named: `…_2_1`, `…_3_1`. */
  readonly inputStem: string;
  /** The path that a browser posts an attempt to. */
  readonly handlerPath: string;
  readonly displayName: string;
  /** One point for each input. */
  readonly inputs: number;
  readonly difficulty: number;
  readonly sequential: Sequential;
}

export interface Video {
  readonly htmlId: string;
  readonly code: string;
  readonly durationSeconds: number;
}

export type Unit =
  | { readonly kind: 'video'; readonly video: Video }
  | { readonly kind: 'problem'; readonly problem: Problem }
  | { readonly kind: 'text' };

export interface Sequential {
  readonly index: number;
  readonly usageId: string;
  /** `/courses/…/courseware/<chapter>/<sequential>/`. */
  readonly path: string;
  readonly handlerPath: string;
  readonly units: Unit[];
}

export interface Course {
  readonly index: number;
  readonly id: string;
  readonly organization: string;
  readonly keyStyle: 'slash' | 'course-v1';
  /** The course part of names of database files. */
  readonly fileStem: string;
  readonly host: string;
  /** `/courses/<id>`. */
  readonly path: string;
  /** When certificates are issued. */
  readonly endUs: number;
  readonly sequentials: readonly Sequential[];
  readonly problems: readonly Problem[];
  readonly boards: readonly string[];
}

/** Numbers and runs that real names have: dots, a dash, an underscore, a run that another begins with. */
const CATALOG = [
  ['PH101.1x', '2013_Fall', 'slash'],
  ['CS50x', '2T2017', 'course-v1'],
  ['6.00.1-x', '2013_Fall', 'slash'],
  ['Stat_2.1x', '1T2014', 'slash'],
  ['CS50x', '2T2017_2', 'course-v1'],
  ['HIST229x', '2013_SOND', 'slash'],
  ['BIO465x', '2T2016', 'course-v1'],
] as const;

export interface CourseSettings {
  readonly seed: string;
  readonly organization: string;
  readonly site: Site;
  readonly count: number;
  readonly startUs: number;
  readonly days: number;
}

export function makeCourses(settings: CourseSettings): Course[] {
  const courses: Course[] = [];
  for (let index = 0; index < settings.count; index++) courses.push(makeCourse(index, settings));
  return courses;
}

function makeCourse(index: number, settings: CourseSettings): Course {
  const known = CATALOG[index];
  const [number, run, keyStyle] = known ?? [`GEN${100 + index}x`, '2013_Fall', 'slash'];
  const { organization } = settings;
  // The outline does not depend on the site: a course that runs on both has the same content.
  const random = Random.of(settings.seed, 'course', number, run);
  const slash = keyStyle === 'slash';
  const id = slash
    ? `${organization}/${number}/${run}`
    : `course-v1:${organization}+${number}+${run}`;
  const key = `${organization}+${number}+${run}`;
  const usage = (category: string, name: string) =>
    slash
      ? `i4x://${organization}/${number}/${category}/${name}`
      : `block-v1:${key}+type@${category}+block@${name}`;
  const handler = (usageId: string, action: string) =>
    slash
      ? `/courses/${id}/modx/${usageId}/${action}`
      : `/courses/${id}/xblock/${usageId}/handler/xmodule_handler/${action}`;
  const sequentials: Sequential[] = [];
  const problems: Problem[] = [];
  const dashed = `${organization}-${number.replaceAll('.', '_')}`;
  // The first course is a short one that ends half-way: learners can finish it, so it has
  // certificates, while the others have a header only.
  const chapters = index === 0 ? 2 : 6;
  for (let chapter = 0; chapter < chapters; chapter++) {
    const chapterName = slash ? `Week_${chapter + 1}` : random.hex(32);
    for (let part = 0; part < 2; part++) {
      const name = slash ? `Lesson_${chapter + 1}_${part + 1}` : random.hex(32);
      const usageId = usage('sequential', name);
      const units: Unit[] = [];
      const sequential: Sequential = {
        index: sequentials.length,
        usageId,
        path: `/courses/${id}/courseware/${chapterName}/${name}/`,
        handlerPath: handler(usageId, 'goto_position'),
        units,
      };
      for (let unit = 0; unit < 6; unit++) {
        if (unit % 3 === 0) {
          const hash = random.hex(32);
          units.push({
            kind: 'video',
            video: {
              htmlId: slash ? `i4x-${dashed}-video-${hash}` : hash,
              code: videoCode(random),
              durationSeconds: random.between(90, 900),
            },
          });
        } else if (unit === 5) {
          units.push({ kind: 'text' });
        } else {
          const problemName = random.hex(32);
          const problemId = usage('problem', problemName);
          const problem: Problem = {
            index: problems.length,
            usageId: problemId,
            inputStem: slash ? `i4x-${dashed}-problem-${problemName}` : problemName,
            handlerPath: handler(problemId, 'problem_check'),
            displayName: `Exercise ${chapter + 1}.${part + 1}.${unit}`,
            inputs: random.between(1, 2),
            difficulty: random.normal(),
            sequential,
          };
          problems.push(problem);
          units.push({ kind: 'problem', problem });
        }
      }
      sequentials.push(sequential);
    }
  }
  return {
    index,
    id,
    organization,
    keyStyle,
    fileStem: `${organization}-${number}-${run}`,
    host: settings.site === 'prod' ? 'courses.edx.org' : 'edge.edx.org',
    path: `/courses/${id}`,
    endUs: settings.startUs + (index === 0 ? 0.55 * settings.days : 400) * DAY_US,
    sequentials,
    problems,
    boards: ['General', 'Homework', 'Troubleshooting'].map(
      (board) => `${dashed}-${board}-${random.hex(8)}`,
    ),
  };
}

function videoCode(random: Random): string {
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-';
  let code = '';
  for (let at = 0; at < 11; at++) code += letters[random.below(letters.length)];
  return code;
}

export function sequentialAt(course: Course, index: number): Sequential {
  const sequential = course.sequentials[index % course.sequentials.length];
  assert(sequential !== undefined, 'a course has sequentials');
  return sequential;
}
