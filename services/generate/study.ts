/** One study session: perhaps a login, the course page, then sequentials with what is in them. */
import { DAY_US, SECOND_US } from './calendar.js';
import { sequentialAt, type Unit } from './course-outline.js';
import type { Actor } from './schedule.js';
import { loginPost } from './secrets.js';
import type { Session } from './session.js';
import { tryProblem } from './try-problem.js';
import { useForum } from './use-forum.js';
import { watchVideo } from './watch-video.js';
import { moveTo } from './world.js';

export function* study(session: Session): Actor {
  const { random, enrolment, course } = session;
  const { learner } = enrolment;
  try {
    // With new accounts, about one line in five hundred carries a clear password.
    if (random.chance(0.03)) {
      session.secretRequest('/login_ajax', loginPost(learner, random));
      learner.lastLoginUs = session.nowUs;
      yield random.between(1, 3) * SECOND_US + random.below(SECOND_US);
    }
    session.request(`${course.path}/info`);
    yield random.exponential(8) * SECOND_US + SECOND_US;
    const lessons = random.between(1, 3);
    for (let lesson = 0; lesson < lessons; lesson++) yield* takeLesson(session);
    if (random.chance(0.25)) yield* useForum(session);
    if (random.chance(0.3)) {
      session.request(`${course.path}/progress`);
      yield random.exponential(15) * SECOND_US;
    }
    if (random.chance(0.1)) {
      session.browser(
        'book',
        `{\\"type\\": \\"gotopage\\", \\"old\\": ${random.between(1, 90)}, \\"new\\": ${random.between(1, 90)}, \\"chapter\\": \\"/pdf/ch1.pdf\\"}`,
        `${session.courseUrl}/pdfbook/0/`,
      );
    }
    session.browser('page_close', '{}', `${session.courseUrl}/progress`);
    if (random.chance(0.01)) {
      yield random.exponential(20) * SECOND_US;
      enrolment.isActive = false;
      session.enrolmentChange('edx.course.enrollment.deactivated');
    }
  } finally {
    learner.isBusy = false;
  }
}

function* takeLesson(session: Session): Actor {
  const { random, enrolment, course, world } = session;
  const sequential = sequentialAt(course, enrolment.nextSequential);
  const page = `https://${course.host}${sequential.path}`;
  session.request(sequential.path);
  yield random.exponential(3) * SECOND_US + SECOND_US;
  for (const [index, unit] of sequential.units.entries()) {
    if (index > 0) {
      session.browser(
        random.chance(0.85) ? 'seq_next' : 'seq_goto',
        `{\\"id\\": \\"${sequential.usageId}\\", \\"old\\": ${index}, \\"new\\": ${index + 1}}`,
        page,
      );
      yield random.between(5, 60) * 1000;
      session.request(sequential.handlerPath, `{"position": ["${index + 1}"]}`);
    }
    moveTo(world, enrolment, {
      sequential: sequential.index,
      unit: index + 1,
      nowUs: session.nowUs,
    });
    yield random.exponential(5) * SECOND_US + SECOND_US / 2;
    yield* takeUnit(session, unit, page);
    if (random.chance(0.08)) return;
  }
  enrolment.nextSequential++;
}

function* takeUnit(session: Session, unit: Unit, page: string): Actor {
  switch (unit.kind) {
    case 'video':
      return yield* session.enrolment.learner.hasPhone && session.random.chance(0.4)
        ? watchOnPhone(session, unit.video.htmlId, unit.video.durationSeconds)
        : watchVideo(session, unit.video, page);
    case 'problem':
      // The problems of a course that has ended are closed, so its certificates stay true.
      if (session.nowUs >= session.course.endUs) return;
      return yield* tryProblem(session, unit.problem, page);
    case 'text':
      return yield session.random.exponential(60) * SECOND_US;
    default:
      return unit satisfies never;
  }
}

function* watchOnPhone(session: Session, videoId: string, durationSeconds: number): Actor {
  const { random } = session;
  const watched = Math.max(2, random.fraction() * durationSeconds);
  for (const step of phoneSteps(videoId, watched)) {
    session.mobile(step.name, step.type, step.payload, session.nowUs);
    yield Math.max(0.2, step.seconds) * SECOND_US;
  }
}

/** A phone was offline while its owner watched: the events come days later, with their own times. */
export function* offlinePhone(
  session: Session,
  video: { htmlId: string; durationSeconds: number },
): Actor {
  const { random } = session;
  const watched = Math.max(2, random.fraction() * video.durationSeconds);
  let timeUs = session.nowUs;
  yield (0.3 + random.exponential(1.6)) * DAY_US;
  for (const step of phoneSteps(video.htmlId, watched)) {
    session.mobile(step.name, step.type, step.payload, timeUs);
    timeUs += Math.round(Math.max(0.2, step.seconds) * SECOND_US);
    yield 2000;
  }
}

function phoneSteps(videoId: string, watchedSeconds: number) {
  const payload = (seconds: number) =>
    `{\\"id\\": \\"${videoId}\\", \\"code\\": \\"mobile\\", \\"currentTime\\": ${seconds.toFixed(3)}}`;
  return [
    { name: 'edx.video.loaded', type: 'load_video', payload: payload(0), seconds: 1.5 },
    { name: 'edx.video.played', type: 'play_video', payload: payload(0), seconds: watchedSeconds },
    {
      name: 'edx.video.paused',
      type: 'pause_video',
      payload: payload(watchedSeconds),
      seconds: 0.3,
    },
    { name: 'edx.video.stopped', type: 'stop_video', payload: payload(watchedSeconds), seconds: 1 },
  ];
}
