/**
 * Which course a file is of, as the rows of its package tell.
 *
 * A file name has the course as `UnivX-P1-2T2018`, where any dash may have been `/` or `+` or a dash.
 * The rows of some tables have the course id itself. So ids are learned from rows, by table (the
 * enrolments are believed first), brought into the form of file names, and compared whole: that is
 * the longest match there can be, and keeps `…-2T2017` and `…-2T2017_2` apart.
 *
 * What no row tells is guessed from the name and marked provisional. All of it depends on the
 * package alone, never on what was loaded before.
 */
import type { FileCourse } from './database-file.js';

/** Tables whose files tell the course, the most trusted first. */
export const TEACHING_TABLES: readonly string[] = [
  'student_courseenrollment',
  'certificates_generatedcertificate',
  'courseware_studentmodule',
  'grades_persistentcoursegrade',
  'student_courseaccessrole',
  'django_comment_client_role_users',
  'course_structure',
  'forum_post',
  'grades_persistentsubsectiongrade',
  'user_api_usercoursetag',
  'student_anonymoususerid',
  'teams_courseteam',
  'course_groups_cohortmembership',
  'verify_student_verificationstatus',
  'credit_crediteligibility',
];

interface Learned {
  readonly rank: number;
  readonly courseId: string;
}

export interface NamedFile {
  readonly site: string;
  readonly coursePart: string;
  readonly table: string;
  readonly isCut: boolean;
}

export class CourseRegistry {
  readonly #learned = new Map<string, Learned>();

  /** Takes course ids that stand in rows of a file of this table and site. */
  learn(site: string, table: string, courseIds: readonly string[]): void {
    const rank = TEACHING_TABLES.indexOf(table);
    if (rank < 0) return;
    for (const courseId of courseIds) {
      const key = keyOf(site, courseId);
      const known = this.#learned.get(key);
      // The second comparison makes the outcome the same whichever file comes first.
      const isBetter =
        known === undefined ||
        rank < known.rank ||
        (rank === known.rank && courseId < known.courseId);
      if (isBetter) this.#learned.set(key, { rank, courseId });
    }
  }

  courseOf(file: NamedFile): FileCourse {
    // The file of all opt-ins of an organization is of no course.
    if (file.table === 'email_opt_in') return { courseId: '', isProvisional: false };
    const key = keyOf(file.site, file.coursePart);
    const exact = this.#learned.get(key);
    if (exact !== undefined) return { courseId: exact.courseId, isProvisional: false };
    if (file.isCut) {
      const candidates = [...this.#learned].filter(([other]) => other.startsWith(key));
      const [only] = candidates;
      if (candidates.length === 1 && only !== undefined) {
        return { courseId: only[1].courseId, isProvisional: false };
      }
    }
    return { courseId: guessCourse(file.coursePart), isProvisional: true };
  }
}

/** A course id as it stands in names of files: `Org/P1/Run` and `course-v1:Org+P1+Run` alike. */
export function fileFormOf(courseId: string): string {
  return courseId
    .trim()
    .replace(/^(?:course|ccx)-v1:/, '')
    .replace(/[/+@]/g, '-')
    .replace(/[^\u0020-\u007f]/gu, '_')
    .toLowerCase();
}

function keyOf(site: string, courseId: string): string {
  return `${site}\n${fileFormOf(courseId)}`;
}

/** Organization first, run last, number in between: right unless a dash is part of one of them. */
function guessCourse(coursePart: string): string {
  const tokens = coursePart.split('-');
  const [organization = ''] = tokens;
  const run = tokens.at(-1) ?? '';
  return tokens.length < 3
    ? tokens.join('/')
    : `${organization}/${tokens.slice(1, -1).join('-')}/${run}`;
}
