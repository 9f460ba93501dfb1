/** Events whose course, learner or payload is given in an unusual way; all of them are events. */

import { isoTime } from './calendar.js';
import type { OddShape } from './odd-lines.js';
import { anEvent, lineOf, ordinaryLine, ordinaryParts, withParts } from './odd-parts.js';

/** The context without its course, but with the path of the request. */
const pathOnly = (path: string) => `{"org_id": "", "course_id": "", "path": "${path}"}`;

/** The course id as it stands, percent-encoded, in a URL. */
const encoded = (courseId: string) => courseId.replaceAll(':', '%3A').replaceAll('+', '%2B');

export const PROVENANCE_SHAPES: Record<string, OddShape> = {
  'no-context': (session, nowUs) => withParts(session, nowUs, { context: undefined }),
  'no-context-browser': (session, nowUs) =>
    withParts(session, nowUs, {
      context: undefined,
      source: '"browser"',
      eventType: '"page_close"',
      event: '"{}"',
      page: `"${session.courseUrl}/courseware/Week_1/?tab=2"`,
    }),
  'course-from-context-path': (session, nowUs) =>
    withParts(session, nowUs, {
      eventType: '"edx.course.tool.accessed"',
      event: '{"tool_name": "progress"}',
      context: pathOnly(`${session.course.path}/progress`),
    }),
  'course-percent-encoded': (session, nowUs) =>
    withParts(session, nowUs, {
      context: undefined,
      source: '"browser"',
      eventType: '"page_close"',
      event: '""',
      page: `"https://${session.course.host}/courses/${encoded(session.course.id)}/info"`,
    }),
  'course-from-referer': (session, nowUs) =>
    withParts(session, nowUs, {
      context: '{"course_id": null, "org_id": "", "path": "/event"}',
      source: '"browser"',
      eventType: '"edx.ui.lms.link_clicked"',
      event: '"{}"',
      page: `"https://${session.course.host}/dashboard"`,
      referer: `"${session.courseUrl}/about"`,
    }),
  'course-from-event': (session, nowUs) =>
    withParts(session, nowUs, {
      context: '{"course_id": "", "org_id": "", "path": "/change_enrollment"}',
      eventType: '"edx.course.enrollment.upgrade.succeeded"',
      event: `{"course_id": "${session.course.id}", "mode": "verified"}`,
    }),
  'course-id-with-line-feed': (session, nowUs) =>
    withParts(session, nowUs, {
      context: `{"course_id": "${session.course.id}\\n", "org_id": "${session.course.organization}"}`,
    }),
  'no-course': (session, nowUs) =>
    withParts(
      session,
      nowUs,
      {
        eventType: '"/dashboard"',
        context: '{"user_id": 7, "org_id": "", "course_id": "", "path": "/dashboard"}',
      },
      { courseId: '' },
    ),
  'empty-object': (session, nowUs) =>
    anEvent(session, nowUs, '{}', { courseId: '', username: '', time: { state: 'missing' } }),
  anonymous: (session, nowUs) =>
    withParts(
      session,
      nowUs,
      {
        username: '""',
        context: `{"user_id": "", "org_id": "${session.course.organization}", "course_id": "${session.course.id}"}`,
      },
      { username: '' },
    ),
  'username-null': (session, nowUs) =>
    withParts(
      session,
      nowUs,
      {
        username: 'null',
        context: `{"user_id": null, "org_id": "${session.course.organization}", "course_id": "${session.course.id}"}`,
      },
      { username: '' },
    ),
  'user-id-in-quotes': (session, nowUs) =>
    withParts(session, nowUs, {
      context: `{"user_id": "${session.enrolment.learner.id}", "course_id": "${session.course.id}"}`,
    }),
  'event-empty-text': (session, nowUs) => withParts(session, nowUs, { event: '""' }),
  'event-list': (session, nowUs) => withParts(session, nowUs, { event: '["a", {"b": 1}]' }),
  'event-number': (session, nowUs) => withParts(session, nowUs, { event: '42' }),
  'event-absent': (session, nowUs) => withParts(session, nowUs, { event: undefined }),
  'event-bad-inner-escape': (session, nowUs) =>
    withParts(session, nowUs, { event: '"{\\"answer\\": \\"\\\\x41\\"}"' }),
  nan: (session, nowUs) =>
    withParts(session, nowUs, {
      eventType: '"speed_change_video"',
      event:
        '{"current_time": 12.5, "old_speed": NaN, "new_speed": -Infinity, "ceiling": Infinity}',
    }),
  'lone-surrogate': (session, nowUs) =>
    withParts(session, nowUs, { event: '{"query": "half \\ud83d a face", "page": 1}' }),
  'keys-with-dots': (session, nowUs) =>
    withParts(session, nowUs, {
      event: '{"i4x.a$b-c_2_1": {"": 1}, "course_id": {"not": "text"}, "time": "2001-01-01"}',
    }),
  'course-id-in-payload-text': (session, nowUs) =>
    withParts(session, nowUs, {
      event: '"{\\"context\\": {\\"course_id\\": \\"Wrong/Course/Run\\"}, \\"time\\": \\"1999\\"}"',
    }),
  'syslog-prefix': (session, nowUs) =>
    anEvent(session, nowUs, `Oct 22 00:00:48 localhost ${ordinaryLine(session, nowUs)}`),
  'logger-prefix': (session, nowUs) =>
    anEvent(
      session,
      nowUs,
      `2013-10-22 00:00:48,723 INFO 8261 [tracking] logger.py:22 - ${ordinaryLine(session, nowUs)}`,
    ),
  'nul-prefix': (session, nowUs) =>
    anEvent(session, nowUs, `${'\0'.repeat(200)}${ordinaryLine(session, nowUs)}`),
  'spaces-around': (session, nowUs) =>
    anEvent(session, nowUs, `  ${ordinaryLine(session, nowUs)} \t `),
  'carriage-return': (session, nowUs) =>
    anEvent(session, nowUs, `${ordinaryLine(session, nowUs)}\r`),
  'no-spaces': (session, nowUs) =>
    anEvent(
      session,
      nowUs,
      `{"context":{"course_id":"${session.course.id}","user_id":9},"event_type":"x","event_source":"server","time":"${isoTime(nowUs)}","username":"${session.username}","event":{}}`,
    ),
  // Bytes beyond ASCII, written as Latin-1 characters because a line is text of bytes here.
  'latin-1': (session, nowUs) =>
    withParts(session, nowUs, { event: '{"query": "caf\u00e9 M\u00fcller", "page": 1}' }),
  'raw-utf-8': (session, nowUs) =>
    withParts(session, nowUs, {
      event: `{"query": "${Buffer.from('Łódź 美咲', 'utf8').toString('latin1')}", "page": 1}`,
    }),
  'invalid-utf-8': (session, nowUs) =>
    withParts(session, nowUs, { event: '{"query": "\u00ff\u00fe\u0080\u00c3(", "page": 1}' }),
  'long-line': (session, nowUs) =>
    withParts(session, nowUs, { event: `{"body": "${'<p>long answer</p>'.repeat(4000)}"}` }),
  duplicate: (session, nowUs) => {
    const line = lineOf(session, ordinaryParts(session, nowUs));
    return [...anEvent(session, nowUs, line), ...anEvent(session, nowUs, line)];
  },
};
