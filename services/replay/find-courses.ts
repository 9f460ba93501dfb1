/** Whether the courses that are asked for are in the warehouse, and if not, which ones may have been meant. */
import { EdxstreamError } from '#shared/errors';
import type { Warehouse } from '#shared/warehouse/warehouse';

const NEAREST = 3;

/** @throws EdxstreamError COURSE_UNKNOWN that names the nearest courses there are. */
export async function requireCourses(
  warehouse: Warehouse,
  courses: readonly string[],
): Promise<void> {
  for (const course of courses) {
    const found = await warehouse.query(
      'SELECT 1 FROM events WHERE course_id = {course:String} LIMIT 1',
      { course },
    );
    if (found.length > 0) continue;
    const near = await nearestCourses(warehouse, course);
    const meant = near.length === 0 ? 'There are no courses yet.' : `Nearest: ${near.join(', ')}.`;
    throw new EdxstreamError('COURSE_UNKNOWN', `No event is of the course ${course}. ${meant}`);
  }
}

async function nearestCourses(warehouse: Warehouse, course: string): Promise<readonly string[]> {
  const rows = await warehouse.query<{ course: string }>(
    `SELECT toString(course_id) AS course FROM events WHERE course_id != '' GROUP BY course
     ORDER BY damerauLevenshteinDistance(lower(course), lower({course:String})), course LIMIT ${NEAREST}`,
    { course },
  );
  return rows.map((row) => row.course);
}
