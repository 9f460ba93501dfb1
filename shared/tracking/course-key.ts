/**
 * Which texts name a course, as edX's opaque keys see it, and how its URLs and block ids carry one.
 *
 *   UnivX/P1/2013_Fall                    course-v1:UnivX+P1+2T2018    ccx-v1:UnivX+P1+2T2018+ccx@7
 *   /courses/UnivX/P1/2013_Fall/info      block-v1:UnivX+P1+2T2018+type@problem+block@a1
 *
 * All strings in and out are latin1 views of UTF-8 bytes, one character a byte, because the line
 * they come from is one. The two styles of one course stay different ids, as they are in edX's
 * database. A `+` is never a space here: it is what separates the parts of a key.
 */

/** As wide as edX's column; bogus URLs make longer ones, and thousands of them. */
const COURSE_ID_CHARS_MAX = 255;

const PART = '[\\p{L}\\p{N}_\\-~.:]+';
const VERSIONS = `(?:\\+branch@${PART})?(?:\\+version@[a-f0-9]+)?`;
const OLD_PART = '[\\p{L}\\p{N}_.%\\-]+';

const OLD_STYLE = new RegExp(`^${OLD_PART}/${OLD_PART}/${OLD_PART}$`, 'u');
const COURSE = new RegExp(`^(course-v1:${PART}\\+${PART}\\+${PART})${VERSIONS}$`, 'u');
const CCX = new RegExp(`^(ccx-v1:${PART}\\+${PART}\\+${PART})${VERSIONS}(\\+ccx@\\d+)$`, 'u');
const LIBRARY = new RegExp(`^(library-v1:${PART}\\+${PART})${VERSIONS}$`, 'u');
const BLOCK = new RegExp(
  `^(?:block|asset)-v1:(${PART}\\+${PART}\\+${PART})${VERSIONS}\\+type@${PART}\\+block@\\S+$`,
  'u',
);
const CCX_BLOCK = new RegExp(
  `^ccx-block-v1:(${PART}\\+${PART}\\+${PART})${VERSIONS}(\\+ccx@\\d+)\\+type@${PART}\\+block@\\S+$`,
  'u',
);

/** The course id that a candidate names, or '' where it is no course key. */
export function courseKey(candidate: string): string {
  const text = readable(candidate);
  if (text.length > COURSE_ID_CHARS_MAX || text.includes('data:image')) return '';
  if (OLD_STYLE.test(text)) return asBytes(text);
  // Branch and version tell states of one course apart, so they are no part of its id.
  const match = COURSE.exec(text) ?? CCX.exec(text) ?? LIBRARY.exec(text);
  return match === null ? '' : asBytes(`${match[1] ?? ''}${match[2] ?? ''}`);
}

/** The course of a block or course id found inside an event; `i4x://` ids lack the run: ''. */
export function courseOfUsage(candidate: string): string {
  if (!candidate.includes('-v1')) return '';
  const text = readable(candidate);
  const block = BLOCK.exec(text);
  if (block !== null) return courseKey(`course-v1:${asBytes(block[1] ?? '')}`);
  const ccx = CCX_BLOCK.exec(text);
  if (ccx !== null) return courseKey(`ccx-v1:${asBytes(`${ccx[1] ?? ''}${ccx[2] ?? ''}`)}`);
  return text.includes('-v1:') ? courseKey(candidate) : '';
}

/** The course that a URL or a path leads into, or ''. */
export function courseOfUrl(url: string): string {
  const courses = url.indexOf('/courses/');
  const xblock = url.indexOf('/xblock/');
  if (courses < 0 && xblock < 0) return '';
  if (/^(?:[a-z][a-z0-9+.-]*:\/\/[^/]*)?\/api\//i.test(url)) return '';
  let markers = 0;
  for (let at = courses; at >= 0; at = url.indexOf('/courses/', at + 1)) {
    if (++markers > URL_MARKERS_MAX) break;
    const path = untilQuery(url, at + '/courses/'.length);
    // `/courses/v1/…` is an interface of the server and not a course.
    if (/^v\d+\//.test(path)) continue;
    const match = /^[^/+]+[/+][^/+]+[/+][^/?#]+/.exec(decodePercent(path));
    const course = match === null ? '' : courseKey(match[0]);
    if (course !== '') return course;
  }
  for (let at = xblock; at >= 0; at = url.indexOf('/xblock/', at + 1)) {
    if (++markers > URL_MARKERS_MAX) break;
    const path = untilQuery(url, at + '/xblock/'.length);
    const course = courseOfUsage(path.split('/', 1)[0] ?? '');
    if (course !== '') return course;
  }
  return '';
}

/**
 * No known URL has more than this between its marker and the end of a course key, or more markers;
 * the bounds keep a hostile URL, full of markers, from costing the square of its length.
 */
const URL_TAIL_CHARS_MAX = 4_096;
const URL_MARKERS_MAX = 16;

function untilQuery(url: string, from: number): string {
  const tail = url.slice(from, from + URL_TAIL_CHARS_MAX);
  const end = tail.search(/[?#]/);
  return end < 0 ? tail : tail.slice(0, end);
}

function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Characters instead of bytes, URL-decoded and trimmed. */
function readable(candidate: string): string {
  const bytes = decodePercent(candidate);
  const isAscii = !/[\x80-\xff]/.test(bytes);
  return (isAscii ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')).trim();
}

function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
