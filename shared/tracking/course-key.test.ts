import { expect, test } from 'vitest';
import { courseKey, courseOfUrl, courseOfUsage } from './course-key.js';

test.each([
  ['UnivX/P1/2013_Fall', 'UnivX/P1/2013_Fall'],
  [' UnivX/P1/2013_Fall\n', 'UnivX/P1/2013_Fall'],
  ['MITx/6.002x/2012_Fall', 'MITx/6.002x/2012_Fall'],
  ['course-v1:UnivX+P1+2T2018', 'course-v1:UnivX+P1+2T2018'],
  ['course-v1%3AUnivX%2BP1%2B2T2018', 'course-v1:UnivX+P1+2T2018'],
  ['course-v1:UnivX+P1+2T2018+branch@draft', 'course-v1:UnivX+P1+2T2018'],
  ['ccx-v1:UnivX+P1+2T2018+ccx@7', 'ccx-v1:UnivX+P1+2T2018+ccx@7'],
  ['library-v1:UnivX+Problems', 'library-v1:UnivX+Problems'],
  ['course-v1:Univ\xc3\xa9+P1+R', 'course-v1:Univ\xc3\xa9+P1+R'],
])('%s names the course %s', (candidate, course) => {
  expect(courseKey(candidate)).toBe(course);
});

test.each([
  '',
  'UnivX/P1',
  'UnivX//R',
  'UnivX/P1/',
  'UnivX/P1/R/more',
  'Univ X/P1/R',
  'UnivX/P1/R:1',
  'course-v1:UnivX+P1',
  'course-v1:UnivX+P1+2T 2018',
  'course-v1:UnivX P1 2T2018',
  'course-v2:UnivX+P1+R',
  'course-v1:data:image+a+b',
  'ccx-v1:UnivX+P1+2T2018',
  'course-v1:Univ\xe9+P1+R',
  `UnivX/P1/${'r'.repeat(250)}`,
  'i4x://UnivX/P1/problem/a1',
])('%s names no course', (candidate) => {
  expect(courseKey(candidate)).toBe('');
});

test.each([
  ['https://courses.edx.org/courses/UnivX/P1/R/courseware/a/b/', 'UnivX/P1/R'],
  ['/courses/UnivX/P1/R', 'UnivX/P1/R'],
  ['/courses/UnivX/P1/R?page=2', 'UnivX/P1/R'],
  ['/courses/UnivX/P1/R#top', 'UnivX/P1/R'],
  ['/courses/course-v1:UnivX+P1+R/info', 'course-v1:UnivX+P1+R'],
  ['/courses/course-v1%3AUnivX%2BP1%2BR/courseware/x/', 'course-v1:UnivX+P1+R'],
  [
    'https://h/xblock/block-v1:UnivX+P1+R+type@vertical+block@3848?show_title=0',
    'course-v1:UnivX+P1+R',
  ],
  ['/courses/UnivX/P1/R/xblock/i4x:;_;_UnivX;_P1;_problem;_a1/handler/x', 'UnivX/P1/R'],
  ['/login?next=/courses/UnivX/P1/R/info', 'UnivX/P1/R'],
])('the URL %s leads into %s', (url, course) => {
  expect(courseOfUrl(url)).toBe(course);
});

test.each([
  '/courses/v1/blocks/UnivX/P1/R',
  '/api/courses/UnivX/P1/R/',
  'https://courses.edx.org/api/grades/v1/courses/course-v1:UnivX+P1+R/',
  '/courses/',
  '/courses/UnivX/P1',
  '/courses/UnivX/data:image/R',
  '/dashboard',
  '/xblock/i4x:;_;_UnivX;_P1;_problem;_a1/handler',
  'UnivX/P1/R',
])('the URL %s leads into no course', (url) => {
  expect(courseOfUrl(url)).toBe('');
});

test('a URL of nothing but markers is given up soon', () => {
  const began = performance.now();
  expect(courseOfUrl('/courses/'.repeat(1_000_000))).toBe('');
  expect(performance.now() - began).toBeLessThan(1_000);
});

test.each([
  ['block-v1:UnivX+P1+R+type@problem+block@a1', 'course-v1:UnivX+P1+R'],
  ['block-v1:UnivX+P1+R+type@problem+block@a1_2_1', 'course-v1:UnivX+P1+R'],
  ['ccx-block-v1:UnivX+P1+R+ccx@7+type@problem+block@a1', 'ccx-v1:UnivX+P1+R+ccx@7'],
  ['asset-v1:UnivX+P1+R+type@asset+block@a.pdf', 'course-v1:UnivX+P1+R'],
  ['course-v1:UnivX+P1+R', 'course-v1:UnivX+P1+R'],
  ['i4x://UnivX/P1/problem/a1', ''],
  ['UnivX/P1/R', ''],
  ['block-v1:UnivX+P1', ''],
])('the id %s belongs to "%s"', (id, course) => {
  expect(courseOfUsage(id)).toBe(course);
});
