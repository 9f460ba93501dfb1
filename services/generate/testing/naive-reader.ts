/**
 * Counts the lines of a log file by parsing each one in full: slow, obvious, and written without a
 * look at how the generator counts. Tests compare the two.
 */
interface Json {
  readonly [name: string]: unknown;
  readonly event?: unknown;
  readonly event_type?: unknown;
  readonly event_source?: unknown;
  readonly context?: unknown;
  readonly course_id?: unknown;
  readonly path?: unknown;
  readonly page?: unknown;
  readonly referer?: unknown;
  readonly time?: unknown;
  readonly user_id?: unknown;
  readonly username?: unknown;
  readonly attempts?: unknown;
  readonly grade?: unknown;
  readonly problem_id?: unknown;
}

export interface Count {
  lines: number;
  events: number;
  rejected: number;
  blank: number;
  late: number;
  courses: Record<string, number>;
}

export interface CourseCount {
  readonly learners: Set<string>;
  firstMs: number;
  lastMs: number;
}

/** Adds the learners and the usable times of a log file to what is known of each course. */
export function naiveCourses(file: Buffer, courses: Map<string, CourseCount>): void {
  for (const line of file.toString('latin1').split('\n')) {
    const event = parseLine(line);
    if (event === undefined) continue;
    const courseId = courseOf(event);
    const course = courses.get(courseId) ?? {
      learners: new Set(),
      firstMs: Number.POSITIVE_INFINITY,
      lastMs: Number.NEGATIVE_INFINITY,
    };
    courses.set(courseId, course);
    if (typeof event.username === 'string' && event.username !== '') {
      course.learners.add(event.username);
    }
    const timeMs = timeOf(event.time);
    if (timeMs === undefined) continue;
    course.firstMs = Math.min(course.firstMs, Math.floor(timeMs));
    course.lastMs = Math.max(course.lastMs, Math.floor(timeMs));
  }
}

/** A slow reader that parses every line in full. */
export function naiveCount(file: Buffer, logDate: string): Count {
  const count: Count = { lines: 0, events: 0, rejected: 0, blank: 0, late: 0, courses: {} };
  const lines = file.toString('latin1').split('\n');
  if (lines.at(-1) === '') lines.pop();
  count.lines = lines.length;
  for (const line of lines) {
    if (/^[ \t\r\v\f]*$/.test(line)) {
      count.blank++;
      continue;
    }
    const event = parseLine(line);
    if (event === undefined) {
      count.rejected++;
      continue;
    }
    count.events++;
    const course = courseOf(event);
    count.courses[course] = (count.courses[course] ?? 0) + 1;
    const timeMs = timeOf(event.time);
    const startMs = Date.parse(`${logDate}T00:00:00Z`);
    if (timeMs !== undefined && timeMs < startMs - 6 * 3600e3) count.late++;
  }
  return count;
}

export function parseLine(line: string): Json | undefined {
  if (!line.includes('{')) return undefined;
  const text = line
    .slice(line.indexOf('{'))
    .replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) => (token[0] === '"' ? token : 'null'));
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The members of a value that may be an object. */
export function membersOf(value: unknown): Json {
  // Whatever is no object has no members of these names; the cast says only that.
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function courseOf(event: Json): string {
  const { event_type, event_source, page, referer } = event;
  const context = membersOf(event.context);
  const own = [context.course_id, membersOf(event.event).course_id];
  for (const id of own) if (typeof id === 'string' && id.trim() !== '') return id.trim();
  const urls = [
    context.path,
    event_source === 'server' ? event_type : undefined,
    event_source === 'browser' ? page : undefined,
    referer,
  ];
  for (const url of urls) {
    if (typeof url !== 'string') continue;
    const decoded = decodeURIComponent(url);
    const found = /\/courses\/(course-v1:[^/?]+|[^/?]+\/[^/?]+\/[^/?]+)/.exec(decoded);
    if (found?.[1] !== undefined) return found[1];
  }
  return '';
}

function timeOf(time: unknown): number | undefined {
  let timeMs = Number.NaN;
  if (typeof time === 'number') {
    timeMs = time >= 1e14 ? time / 1000 : time >= 1e11 ? time : time * 1000;
  } else if (typeof time === 'string') {
    const hasZone = /(Z|[+-]\d\d:\d\d)$/.test(time);
    timeMs = Date.parse(hasZone ? time : `${time}Z`);
  }
  const isPlausible = timeMs >= Date.UTC(2012, 0, 1) && timeMs < Date.UTC(2255, 0, 1);
  return isPlausible ? timeMs : undefined;
}
