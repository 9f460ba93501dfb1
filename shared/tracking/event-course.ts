/**
 * Which course an event belongs to: the first place, in the order in which edX looks, that names a
 * course. A place whose text is no course key is passed over.
 *
 *   1 context.course_id   2 event.course_id   3 context.path   4 event_type, of a server event that
 *   is a path   5 page, of browser and mobile   6 referer   7 ids of blocks inside the event
 *
 * Mobile's page counts as browser's does: edX's servers make it from the address of the unit that
 * the learner opened. A server's page is `x_module` and says nothing.
 */
import { courseKey, courseOfUrl, courseOfUsage } from './course-key.js';
import { decodeText, readObject } from './json-object.js';

/** Latin1 views of the values; '' where a member is absent or is not a string. */
export interface CourseClues {
  readonly courseId: string;
  readonly path: string;
  readonly eventSource: string;
  readonly eventType: string;
  readonly page: string;
  readonly referer: string;
  /** The JSON text of `event` where it is an object, its value where it is a string. */
  readonly event: string;
}

/** Members of an event that hold the id of a block, the most telling first. */
const USAGE_KEYS = [
  'problem_id',
  'id',
  'module_id',
  'usage_key',
  'usage_id',
  'block_id',
  'component_usage_id',
  'problem',
] as const;

/** The course id, or '' for an event of no course. */
export function courseOfEvent(clues: CourseClues): string {
  const own = clues.courseId === '' ? '' : courseKey(clues.courseId);
  return own === '' ? courseOfSurroundings(clues) : own;
}

/** The same without the first place, for a caller that has looked there. */
export function courseOfSurroundings(clues: CourseClues): string {
  const ids = eventMentionsCourse(clues.event) ? eventStrings(clues.event) : NO_STRINGS;
  const named = ids.get('course_id');
  return (
    (named === undefined ? '' : courseKey(named)) ||
    courseOfUrl(clues.path) ||
    (clues.eventSource === 'server' && clues.eventType.startsWith('/')
      ? courseOfUrl(clues.eventType)
      : '') ||
    (clues.eventSource === 'browser' || clues.eventSource === 'mobile'
      ? courseOfUrl(clues.page)
      : '') ||
    courseOfUrl(clues.referer) ||
    courseOfIds(ids)
  );
}

function courseOfIds(ids: ReadonlyMap<string, string>): string {
  for (const key of USAGE_KEYS) {
    const course = courseOfUsage(ids.get(key) ?? '');
    if (course !== '') return course;
  }
  return '';
}

/** Parsing is dear, so an event that cannot name a course is not parsed; `\u` may hide anything. */
function eventMentionsCourse(event: string): boolean {
  return event.includes('course_id') || event.includes('-v1') || event.includes('\\u');
}

const NO_STRINGS: ReadonlyMap<string, string> = new Map();

/** The members of an event that are strings, or none where the event is no JSON object. */
function eventStrings(event: string): ReadonlyMap<string, string> {
  const text = event.trim();
  if (!text.startsWith('{')) return NO_STRINGS;
  const read = readObject(text);
  if (read.kind !== 'keep') return NO_STRINGS;
  const strings = new Map<string, string>();
  for (const key of ['course_id', ...USAGE_KEYS]) {
    const value = read.value.get(key);
    if (value?.startsWith('"')) strings.set(key, decodeText(value.slice(1, -1)));
  }
  return strings;
}
