import { expect, test } from 'vitest';
import { CourseCache } from './course-cache.js';

test('bytes that share a slot of the cache are told apart', () => {
  const cache = new CourseCache();
  // Four times as many ids as there are slots, all of one length, so that every slot is contested.
  const ids = Array.from({ length: 16_384 }, (_, i) => `UnivX/P${i + 10_000}/2013_Fall`);
  for (let round = 0; round < 2; round++) {
    for (const id of ids) {
      const bytes = Buffer.from(`<${id}>`);
      expect(cache.courses[cache.lookUp(bytes, 1, id.length)]).toBe(id);
    }
  }
  expect(cache.courses.length).toBe(ids.length + 1);
});

test('bytes longer than a slot are looked up too, and name a course if they can be trimmed', () => {
  const cache = new CourseCache();
  const bytes = Buffer.from(`${' '.repeat(300)}UnivX/P1/R`);
  expect(cache.lookUp(bytes, 0, bytes.length)).toBe(1);
  expect(cache.lookUp(bytes, 300, 10)).toBe(1);
  expect(cache.lookUp(bytes, 0, 300)).toBe(0);
});
