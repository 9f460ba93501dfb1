/** Lines for property tests of what reads them: JSON text as no serializer writes it, and what is none. */
import fc from 'fast-check';
import { TEXT_FIELDS } from '#shared/tracking/line-scanner';

/** JSON text as no serializer writes it: odd white space, escapes, raw bytes, duplicates, NaN. */
const space = fc.constantFrom('', '', '', ' ', ' ', '\t ', '\r\n');
const letter = fc.oneof(
  fc.constantFrom(...'abz09/:+-_ .{}[],'),
  fc.constantFrom('\\n', '\\"', '\\\\', '\\/', '\\u0041', '\\ud83d\\ude00', '\\udead', '\\u00e9'),
  fc.integer({ min: 0x80, max: 0xff }).map((code) => String.fromCharCode(code)),
);
const text = fc.array(letter, { maxLength: 24 }).map((letters) => letters.join(''));
const known = fc.constantFrom(
  'A/B/C',
  ' A/B/C\\n',
  'course-v1:A+B+C',
  'course-v1%3AA%2BB%2BD',
  'no course',
  '/courses/A/B/C/info',
  'http://h/courses/course-v1:A+B+C/x?y=1#z',
  'https://h/courses/course-v1%3AA%2BB%2BC/x',
  '/api/courses/A/B/C/x',
  '/courses/v1/A/B/C',
  '/courses/vA/B/C/',
  '/courses/A/B',
  '/courses//B/C',
  '/xblock/block-v1:A+B+E+type@x+block@y/handler',
  'ftp://h/x/courses/A/B/F',
  '\\/courses\\/A/B/G',
  'server',
  'browser',
  'mobile',
  '2014-12-23T14:26:53.723188+00:00',
  '2014-12-23 14:26:53\\n',
  '2014-12-23T14:26:53.7231881234Z',
  '0300-01-01T00:00:00',
  '1379942400.25',
  '17',
  ' 17\\t',
  'block-v1:A+B+H+type@problem+block@p',
);
const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.oneof(known, text).map((inner) => `"${inner}"`) },
  fc.constantFrom('null', 'true', 'false', 'NaN', 'Infinity', '-Infinity', '0', '-0', '17', '-17'),
  fc.constantFrom(
    '1379942400',
    '1379942400123',
    '1379942400.123456789',
    '1.5e3',
    '9007199254740992',
  ),
  fc.double().map((value) => (Number.isFinite(value) ? JSON.stringify(value) : 'NaN')),
);
const ROOT_KEYS = [
  ...TEXT_FIELDS,
  'time',
  'event',
  'context',
  'user_id',
  'x',
  'even',
  'pages',
  'event_sourcf',
];
const CONTEXT_KEYS = [
  'org_id',
  'path',
  'user_id',
  'course_id',
  'course_ib',
  'course_iid',
  'session',
];
const EVENT_KEYS = ['course_id', 'problem_id', 'id', 'module_id', 'POST', 'course\\u005fid'];

function keyOf(names: readonly string[]): fc.Arbitrary<string> {
  const escaped = fc.tuple(fc.constantFrom(...names), fc.nat()).map(([name, at]) => {
    const code = name
      .charCodeAt(at % name.length)
      .toString(16)
      .padStart(4, '0');
    const i = at % name.length;
    return name.includes('\\') ? name : `${name.slice(0, i)}\\u${code}${name.slice(i + 1)}`;
  });
  return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, escaped, text);
}

function objectOf(
  names: readonly string[],
  value: fc.Arbitrary<string>,
  maxLength: number,
): fc.Arbitrary<string> {
  const member = fc
    .tuple(space, keyOf(names), space, space, value, space)
    .map(([a, key, b, c, inner, d]) => `${a}"${key}"${b}:${c}${inner}${d}`);
  return fc
    .tuple(fc.array(member, { maxLength }), space)
    .map(([members, gap]) => `{${members.length === 0 ? gap : members.join(',')}}`);
}

const { value: anyValue } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    objectOf(CONTEXT_KEYS, tie('value'), 3),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[ ${items.join(' , ')}]`),
  ),
}));
const eventObject = objectOf(EVENT_KEYS, anyValue, 4);
const eventString = eventObject.map((inner) => {
  // Python's dumps of an inner document: quotes and backslashes escaped, line ends as \n.
  const escaped = inner.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return `"${escaped.replaceAll('\r', '\\r').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`;
});
const rootMember = fc.oneof(
  { weight: 5, arbitrary: objectOf(ROOT_KEYS, anyValue, 1).map(insideOf) },
  {
    weight: 3,
    arbitrary: objectOf(CONTEXT_KEYS, anyValue, 5).map((inner) => `"context" :${inner}`),
  },
  { weight: 2, arbitrary: eventObject.map((inner) => ` "event": ${inner}`) },
  { weight: 2, arbitrary: eventString.map((inner) => `"event":${inner}`) },
);
/** A line as a log file may hold it, event or not. */
export const trackingLine: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.constantFrom('', '', 'Sep  9 00:00:48 localhost ', '\t', '\xef\xbb\xbf'),
    fc.array(rootMember, { maxLength: 8 }),
    fc.constantFrom('', '', ' ', '\r', '\v\f', 'x', '}'),
  )
  .map(([prefix, members, suffix]) => {
    const inside = members.filter((member) => member.trim() !== '').join(', ');
    return Buffer.from(`${prefix}{${inside}}${suffix}`, 'latin1');
  });

/** The members of an object's text, without its braces. */
function insideOf(object: string): string {
  return object.slice(1, -1);
}
