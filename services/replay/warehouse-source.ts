/** The events of one or more courses in a warehouse, as a source that can be begun anywhere. */
import type { Warehouse } from '#shared/warehouse/warehouse';
import { mergeCourses } from './merge-courses.js';
import { readCourse } from './read-course.js';
import type { EventSource } from './replay.js';
import type { ReplayScope } from './replay-scope.js';

export interface WarehouseSourceOptions {
  readonly courses: readonly string[];
  readonly scope: ReplayScope;
  /** Bytes of the windows that are read ahead, of all courses together. */
  readonly windowBytes?: number;
}

/** 20,000 usual lines: a query for them costs 2 µs a line, one for a tenth of them 10 µs. */
const WINDOW_BYTES = 16 << 20;
const COURSE_WINDOW_BYTES_MIN = 256 << 10;

export function warehouseSource(
  warehouse: Warehouse,
  { courses, scope, windowBytes = WINDOW_BYTES }: WarehouseSourceOptions,
): EventSource {
  const ofEach = Math.max(COURSE_WINDOW_BYTES_MIN, Math.floor(windowBytes / courses.length));
  return {
    open: (start, signal) =>
      mergeCourses(
        courses.map((course) =>
          readCourse(warehouse, course, { scope, start, windowBytes: ofEach, signal }),
        ),
      ),
  };
}
