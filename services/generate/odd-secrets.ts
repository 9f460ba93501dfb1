/** Lines with secrets beyond ordinary logins, and one that only speaks of a password. */
import { isoTime } from './calendar.js';
import type { OddLine, OddShape } from './odd-lines.js';
import { withParts } from './odd-parts.js';
import { changePasswordPost, cutPasswordPost, loginPost, resetPasswordPost } from './secrets.js';
import { implicitParameters, type Session } from './session.js';

/** A request of no course with a secret in its form. */
function secret(session: Session, nowUs: number, path: string, post: string): readonly OddLine[] {
  return withParts(
    session,
    nowUs,
    {
      eventType: `"${path}"`,
      event: `"${implicitParameters(post)}"`,
      context: `{"user_id": ${session.enrolment.learner.id}, "org_id": "", "course_id": "", "path": "${path}"}`,
    },
    { courseId: '', hasSecret: true },
  );
}

export const SECRET_SHAPES: Record<string, OddShape> = {
  'password-change': (session, nowUs, random) =>
    secret(session, nowUs, '/password_change/', changePasswordPost(random)),
  'password-reset': (session, nowUs, random) =>
    secret(session, nowUs, '/password_reset_confirm/1x/', resetPasswordPost(random)),
  'password-cut-at-512': (session, nowUs, random) =>
    secret(session, nowUs, '/create_account', cutPasswordPost(session.enrolment.learner, random)),
  'password-in-rejected-line': (session, nowUs, random) => {
    const form = implicitParameters(loginPost(session.enrolment.learner, random));
    const line = `{"username": "", "event_type": "/login_ajax", "time": "${isoTime(nowUs)}", "event": "${form}", "page": nu`;
    return [{ line, outcome: { kind: 'rejected', reason: 'cut', hasSecret: true } }];
  },
  'password-only-mentioned': (session, nowUs) =>
    withParts(session, nowUs, {
      eventType: `"${session.course.path}/discussion/forum/search"`,
      event: `"${implicitParameters('{"text": ["I forgot my password, what now?"]}')}"`,
    }),
};
