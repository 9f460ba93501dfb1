/**
 * The rows of the seven tables of 2013 for one course, as the site's database has them at the moment
 * of a snapshot. Rows come one at a time: the table of module states may be large.
 */
import { createHash } from 'node:crypto';
import { sqlTime } from './calendar.js';
import type { Course, Problem } from './course-outline.js';
import { portraitOf } from './people.js';
import { Random } from './prng.js';
import { answersJson, correctMapJson, inputIds } from './problem-json.js';
import { type Enrolment, gradeOf, listOf, pointsOf, type SiteWorld } from './world.js';

export interface Snapshot {
  readonly seed: string;
  readonly world: SiteWorld;
  readonly course: Course;
  readonly nowUs: number;
}

type Row = readonly (string | number)[];

export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: (snapshot: Snapshot) => Iterable<Row>;
  /** The file is absent where the course has no rows; other tables are header-only then. */
  readonly absentWhenEmpty?: true;
}

const words = (text: string) => text.split(' ');

export const TABLES: readonly Table[] = [
  {
    name: 'auth_user',
    columns: words(
      'id username first_name last_name email password is_staff is_active is_superuser last_login date_joined status email_key avatar_typ country show_country date_of_birth interesting_tags ignored_tags email_tag_filter_strategy display_tag_filter_strategy consecutive_days_visit_count',
    ),
    *rows(snapshot) {
      for (const { learner } of enrolments(snapshot)) {
        const last =
          learner.lastLoginUs === 0 ? '0000-00-00 00:00:00' : sqlTime(learner.lastLoginUs);
        yield [
          learner.id,
          learner.username,
          '',
          '',
          learner.email,
          '',
          0,
          1,
          0,
          last,
          sqlTime(learner.joinedUs),
          '',
          'NULL',
          '',
          '',
          0,
          'NULL',
          '',
          '',
          0,
          0,
          0,
        ];
      }
    },
  },
  {
    name: 'auth_userprofile',
    columns: words(
      'id user_id name language location meta courseware gender mailing_address year_of_birth level_of_education goals allow_certificate',
    ),
    *rows(snapshot) {
      for (const { learner } of enrolments(snapshot)) {
        const who = portraitOf(snapshot.seed, snapshot.world.site, learner);
        const random = Random.of(snapshot.seed, 'free-text', snapshot.world.site, learner.id);
        const address = random.pick([
          'NULL',
          '',
          `12 Main St\r\n${who.city}`,
          `Apt\t4, ${who.city}`,
          '5 Elm Road\rback door',
          who.city,
        ]);
        const goals = random.pick([
          'NULL',
          '',
          'Learn more',
          'C:\\new and "quotes"',
          'first\nsecond',
          'İyi şanslar 😀',
        ]);
        const meta = random.chance(0.2)
          ? `{"old_names": [["${who.name.replaceAll('"', '\\"')}", "typo", "2013-07-01T08:00:00.123456"]]}`
          : '';
        yield [
          learner.id + 7,
          learner.id,
          who.name,
          who.language,
          '',
          meta,
          'course.xml',
          who.gender,
          address,
          who.yearOfBirth,
          who.education,
          goals,
          1,
        ];
      }
    },
  },
  {
    name: 'certificates_generatedcertificate',
    columns: words(
      'id user_id download_url grade course_id key distinction status verify_uuid download_uuid name created_date modified_date error_reason mode',
    ),
    *rows(snapshot) {
      const { course, nowUs, seed, world } = snapshot;
      if (nowUs < course.endUs) return;
      for (const enrolment of enrolments(snapshot)) {
        if (!enrolment.isActive || enrolment.problems.length === 0) continue;
        const { learner } = enrolment;
        const random = Random.of(seed, 'certificate', world.site, course.id, learner.id);
        const grade = gradeOf(enrolment);
        const passed = grade >= 0.5;
        const uuid = random.hex(32);
        const issued = sqlTime(course.endUs + 3600e6);
        yield [
          enrolment.rowId + 50_000,
          learner.id,
          passed ? `https://verify.edx.org/downloads/${uuid}/Certificate.pdf` : '',
          grade.toFixed(2),
          course.id,
          random.hex(32),
          0,
          passed ? 'downloadable' : 'notpassing',
          passed ? uuid : '',
          passed ? random.hex(32) : '',
          portraitOf(seed, world.site, learner).name,
          issued,
          issued,
          '',
          enrolment.mode === 'verified' ? 'verified' : 'honor',
        ];
      }
    },
  },
  {
    name: 'courseware_studentmodule',
    columns: words(
      'id module_type module_id student_id state grade created modified max_grade done course_id',
    ),
    absentWhenEmpty: true,
    *rows(snapshot) {
      const { course } = snapshot;
      for (const enrolment of enrolments(snapshot)) {
        const { learner } = enrolment;
        for (const sequential of course.sequentials) {
          const position = enrolment.positions[sequential.index];
          if (position === undefined) continue;
          yield [
            position.rowId,
            'sequential',
            sequential.usageId,
            learner.id,
            `{"position": ${position.unit}}`,
            'NULL',
            sqlTime(position.createdUs),
            sqlTime(position.modifiedUs),
            'NULL',
            'na',
            course.id,
          ];
        }
        for (const problem of course.problems) yield* problemRow(enrolment, problem);
      }
    },
  },
  {
    name: 'student_courseenrollment',
    columns: words('id user_id course_id created is_active mode'),
    *rows(snapshot) {
      for (const { rowId, learner, course, createdUs, isActive, mode } of enrolments(snapshot)) {
        yield [rowId, learner.id, course.id, sqlTime(createdUs), isActive ? 1 : 0, mode];
      }
    },
  },
  {
    name: 'user_id_map',
    columns: words('hash_id id username'),
    *rows(snapshot) {
      for (const { learner } of enrolments(snapshot)) {
        const hash = createHash('md5').update(
          `${snapshot.seed}${snapshot.world.site}${learner.id}`,
        );
        yield [hash.digest('hex'), learner.id, learner.username];
      }
    },
  },
  {
    name: 'wiki_article',
    columns: words(
      'id current_revision_id created modified owner_id group_id group_read group_write other_read other_write',
    ),
    *rows(snapshot) {
      const { course, world } = snapshot;
      // Every other course never used its wiki.
      if (course.index % 2 === 1) return;
      for (let page = 0; page < 3; page++) {
        const id = course.index * 10 + page + 1;
        const owner = listOf(world.enrolments, course)[page]?.learner.id ?? 'NULL';
        yield [
          id,
          id + 100,
          '2013-08-08 22:00:58',
          '2013-09-12 02:08:44',
          owner,
          'NULL',
          1,
          1,
          1,
          1,
        ];
      }
    },
  },
];

function enrolments({ world, course }: Snapshot): readonly Enrolment[] {
  return listOf(world.enrolments, course);
}

function* problemRow(enrolment: Enrolment, problem: Problem): Iterable<Row> {
  const state = enrolment.problems[problem.index];
  if (state === undefined) return;
  const inputs = inputIds(problem);
  const inputState = `{${inputs.map((id) => `"${id}": {}`).join(', ')}}`;
  const tried = state.attempts > 0;
  const json = tried
    ? `{"correct_map": ${correctMapJson(problem, state.correct)}, "input_state": ${inputState}, "attempts": ${state.attempts}, "seed": 1, "done": true, "student_answers": ${answersJson(problem, state.answers)}}`
    : `{"seed": 1, "input_state": ${inputState}}`;
  yield [
    state.rowId,
    'problem',
    problem.usageId,
    enrolment.learner.id,
    json,
    tried ? pointsOf(state) : 'NULL',
    sqlTime(state.createdUs),
    sqlTime(state.modifiedUs),
    tried ? problem.inputs : 'NULL',
    'na',
    enrolment.course.id,
  ];
}
