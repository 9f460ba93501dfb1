/**
 * Who comes when: learners begin sessions at the rate that the profile asks for, by hour of the day;
 * newcomers make an account, enrol and study; load balancers ask every server for its heartbeat.
 */
import { DAY_US, isoTime, MINUTE_US, SECOND_US } from './calendar.js';
import type { Journal } from './journal.js';
import { Random } from './prng.js';
import type { Profile } from './profile.js';
import type { Actor, Schedule } from './schedule.js';
import { createAccountPost } from './secrets.js';
import { Session } from './session.js';
import { offlinePhone, study } from './study.js';
import { chooseCourses, type Enrolment, enrol, type SiteWorld } from './world.js';

export interface Stage {
  readonly profile: Profile;
  readonly startUs: number;
  readonly journal: Journal;
  readonly schedule: Schedule;
  readonly world: SiteWorld;
}

/** The part of events that a site has. */
const EDGE_SHARE = 0.06;
/** Heartbeats, as a part of all events: noise of no course. */
const HEARTBEAT_SHARE = 0.03;

export function* sessionsBegin(stage: Stage): Actor {
  const { schedule, world, journal } = stage;
  const random = Random.of(stage.profile.seed, 'sessions', world.site);
  const perDay = eventsOfSite(stage);
  const offlineChance = Math.min(0.5, 0.06 + 6 * stage.profile.oddShare);
  let begun = 0;
  for (;;) {
    // How long sessions are is learnt as they happen; and where more or less was written than
    // planned up to now (newcomers study too), half a day makes up for it.
    const written = journal.eventsOf(world.site);
    const eventsPerSession = (60 * 10 + written) / (10 + begun);
    const planned = perDay * weightedDays(schedule.nowUs - stage.startUs);
    const correction = Math.min(3, Math.max(0.1, 1 + (planned - written) / (perDay / 2)));
    const weight = hourlyWeight(schedule.nowUs) * correction;
    const perUs = (perDay / DAY_US / eventsPerSession) * weight;
    yield random.exponential(1 / perUs);
    const enrolment = chooseStudent(world, random);
    if (enrolment === undefined) continue;
    begun++;
    const session = beginSession(stage, enrolment);
    enrolment.learner.isBusy = true;
    schedule.add(study(session), 0);
    if (enrolment.learner.hasPhone && random.chance(offlineChance)) {
      schedule.add(
        offlinePhone(session, { htmlId: offlineVideo(enrolment), durationSeconds: 400 }),
        0,
      );
    }
  }
}

/** Newcomers, each at the moment the world says. */
export function* newcomersJoin(stage: Stage): Actor {
  const { schedule, world } = stage;
  for (;;) {
    const learner = world.newcomers.pop();
    if (learner === undefined) return;
    yield Math.max(0, learner.joinedUs - schedule.nowUs);
    learner.isBusy = true;
    const enrolments: Enrolment[] = [];
    for (const course of chooseCourses(world)) {
      // Enrolled from now on; the session that says so in the log follows in the same instant.
      enrolments.push(enrol(world, learner, course, schedule.nowUs));
    }
    const first = enrolments[0];
    if (first === undefined) continue;
    schedule.add(join(stage, enrolments), 0);
  }
}

function* join(stage: Stage, enrolments: readonly Enrolment[]): Actor {
  let isFirst = true;
  for (const enrolment of enrolments) {
    const session = beginSession(stage, enrolment);
    if (isFirst) {
      session.secretRequest(
        '/create_account',
        createAccountPost(enrolment.learner, session.random),
      );
      enrolment.learner.lastLoginUs = session.nowUs;
      isFirst = false;
    }
    session.enrolmentChange('edx.course.enrollment.activated');
  }
  const first = enrolments[0];
  if (first === undefined) return;
  yield 2 * SECOND_US;
  yield* study(beginSession(stage, first));
}

export function* heartbeats(stage: Stage): Actor {
  const { profile, schedule, world, journal } = stage;
  const random = Random.of(profile.seed, 'heartbeats', world.site);
  const meanUs = DAY_US / (eventsOfSite(stage) * HEARTBEAT_SHARE);
  for (;;) {
    yield Math.min(60 * MINUTE_US, random.exponential(meanUs));
    const anybody = world.students[0];
    if (anybody === undefined) continue;
    const session = beginSession(stage, anybody);
    const line = `{"username": "", "event_type": "/heartbeat", "ip": "10.0.0.${random.between(2, 9)}", "agent": "ELB-HealthChecker/1.0", "host": "${session.course.host}", "event_source": "server", "event": "{\\"POST\\": {}, \\"GET\\": {}}", "time": "${isoTime(schedule.nowUs)}", "context": {"course_id": "", "org_id": "", "path": "/heartbeat"}, "page": null}`;
    journal.line(session, line, {
      kind: 'event',
      courseId: '',
      username: '',
      time: { state: 'ok', us: schedule.nowUs },
      hasSecret: false,
    });
  }
}

export function beginSession(stage: Stage, enrolment: Enrolment): Session {
  const { world, journal, schedule, profile } = stage;
  const random = Random.of(
    profile.seed,
    'session',
    world.site,
    enrolment.rowId,
    schedule.nowUs,
    schedule.appointments,
  );
  return new Session({ world, journal, schedule, enrolment, random });
}

function eventsOfSite({ profile, world }: Stage): number {
  if (!profile.sites.includes('edge')) return profile.eventsPerDay;
  if (!profile.sites.includes('prod')) return profile.eventsPerDay;
  return profile.eventsPerDay * (world.site === 'edge' ? EDGE_SHARE : 1 - EDGE_SHARE);
}

/** Quiet at 04:00 UTC, busy at 16:00, mean 1. */
function hourlyWeight(nowUs: number): number {
  const dayPart = (nowUs % DAY_US) / DAY_US;
  return 1 - 0.75 * Math.cos(2 * Math.PI * (dayPart - 4 / 24));
}

/** The integral of hourlyWeight, in days. */
function weightedDays(elapsedUs: number): number {
  const days = elapsedUs / DAY_US;
  const turn = 2 * Math.PI;
  return days - (0.75 / turn) * (Math.sin(turn * (days - 4 / 24)) + Math.sin((turn * 4) / 24));
}

/** Some learners come much more often than others: a few draws, towards the front of the list. */
function chooseStudent(world: SiteWorld, random: Random): Enrolment | undefined {
  for (let draw = 0; draw < 8; draw++) {
    const rank = Math.floor(random.fraction() ** 1.7 * world.students.length);
    const enrolment = world.students[rank];
    if (enrolment?.isActive === true && !enrolment.learner.isBusy) return enrolment;
  }
  return undefined;
}

function offlineVideo(enrolment: Enrolment): string {
  for (const sequential of enrolment.course.sequentials) {
    for (const unit of sequential.units) if (unit.kind === 'video') return unit.video.htmlId;
  }
  return '';
}
