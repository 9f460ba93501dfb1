import { expect, test } from 'vitest';
import { CourseRegistry, fileFormOf } from './course-registry.js';

const file = (coursePart: string, table = 'auth_user', site = 'prod') => ({
  ...{ coursePart, table, site },
  isCut: false,
});

test('a course id and its file name have one form', () => {
  expect(fileFormOf('course-v1:Univ.X+P-1+2T_2018')).toBe('univ.x-p-1-2t_2018');
  expect(fileFormOf('UnivX/P1/Föö')).toBe('univx-p1-f__');
  expect(fileFormOf('ccx-v1:UnivX+P1+R+ccx@9')).toBe('univx-p1-r-ccx-9');
});

test('runs of which one name begins the other are kept apart', () => {
  const registry = new CourseRegistry();
  registry.learn('prod', 'student_courseenrollment', ['course-v1:X+P+2T2017']);
  expect(registry.courseOf(file('X-P-2T2017_2'))).toEqual({
    ...{ courseId: 'X/P/2T2017_2', isProvisional: true },
  });
  registry.learn('prod', 'student_courseenrollment', ['course-v1:X+P+2T2017_2']);
  expect(registry.courseOf(file('X-P-2T2017_2')).courseId).toBe('course-v1:X+P+2T2017_2');
  expect(registry.courseOf(file('X-P-2T2017')).courseId).toBe('course-v1:X+P+2T2017');
});

test('a dash inside the number of a course is found out by the rows, and guessed at without', () => {
  const registry = new CourseRegistry();
  expect(registry.courseOf(file('MITx-6.00-1x-1T2014')).courseId).toBe('MITx/6.00-1x/1T2014');
  registry.learn('prod', 'student_courseenrollment', ['MITx/6.00/1x-1T2014']);
  expect(registry.courseOf(file('MITx-6.00-1x-1T2014')).courseId).toBe('MITx/6.00/1x-1T2014');
});

test('the enrolments are believed before other tables, whichever comes first', () => {
  const enrolment = ['student_courseenrollment', 'course-v1:X+P+R'] as const;
  const tags = ['user_api_usercoursetag', 'X/P/R'] as const;
  for (const order of [
    [enrolment, tags],
    [tags, enrolment],
  ]) {
    const registry = new CourseRegistry();
    for (const [table, courseId] of order) registry.learn('prod', table, [courseId]);
    expect(registry.courseOf(file('X-P-R')).courseId).toBe('course-v1:X+P+R');
  }
});

test('prod and edge learn from their own files only', () => {
  const registry = new CourseRegistry();
  registry.learn('edge', 'student_courseenrollment', ['course-v1:X+P+R']);
  expect(registry.courseOf(file('X-P-R', 'auth_user', 'prod')).isProvisional).toBe(true);
  expect(registry.courseOf(file('X-P-R', 'auth_user', 'edge')).isProvisional).toBe(false);
});

test('a name that was cut is of the one course that begins so, and of none where two do', () => {
  const registry = new CourseRegistry();
  const cut = { ...file('X-Pxxxx'), isCut: true };
  registry.learn('prod', 'student_courseenrollment', ['course-v1:X+Pxxxxyyy+R']);
  expect(registry.courseOf(cut).courseId).toBe('course-v1:X+Pxxxxyyy+R');
  registry.learn('prod', 'student_courseenrollment', ['course-v1:X+Pxxxxzzz+R']);
  expect(registry.courseOf(cut).isProvisional).toBe(true);
});
