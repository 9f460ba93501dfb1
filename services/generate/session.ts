/**
 * One learner at one device for a while, and the lines that this writes. Everything that stays the
 * same during a session is put together once, so that a line costs one template string: that is
 * what makes millions of events cheap.
 *
 * Lines are written as the LMS of the time wrote them: JSON by Python's json.dumps (a space after
 * `:` and `,`, everything beyond ASCII escaped), in the field order of each source.
 */
import { isoTime } from './calendar.js';
import type { Course, Problem } from './course-outline.js';
import type { Journal } from './journal.js';
import type { Random } from './prng.js';
import type { Site } from './profile.js';
import type { Schedule } from './schedule.js';
import type { Enrolment, SiteWorld } from './world.js';

/** The LMS cuts the text of an implicit event here, also today. */
const IMPLICIT_CHARS_MAX = 512;
/** A GET without parameters, as it stands in its JSON string. */
const NO_PARAMETERS = '{\\"POST\\": {}, \\"GET\\": {}}';

/** Names that differ from the event type, as edX gave them later. */
const MODERN_NAMES: Readonly<Record<string, string>> = {
  load_video: 'edx.video.loaded',
  play_video: 'edx.video.played',
  pause_video: 'edx.video.paused',
  stop_video: 'edx.video.stopped',
  seek_video: 'edx.video.position.changed',
  show_transcript: 'edx.video.transcript.shown',
  hide_transcript: 'edx.video.transcript.hidden',
  seq_next: 'edx.ui.lms.sequence.next_selected',
  seq_goto: 'edx.ui.lms.sequence.tab_selected',
};

export interface SessionSettings {
  readonly world: SiteWorld;
  readonly journal: Journal;
  readonly schedule: Schedule;
  readonly enrolment: Enrolment;
  readonly random: Random;
}

export class Session {
  readonly world: SiteWorld;
  readonly journal: Journal;
  readonly schedule: Schedule;
  readonly enrolment: Enrolment;
  readonly random: Random;
  readonly course: Course;
  readonly site: Site;
  readonly username: string;
  readonly home: string;
  readonly id: string;
  /** `https://courses.edx.org/courses/…`. */
  readonly courseUrl: string;
  readonly #browserHead: string;
  readonly #browserTail: string;
  readonly #serverTail: string;
  readonly #identity: string;
  readonly #isModern: boolean;

  constructor(settings: SessionSettings) {
    const { world, journal, schedule, enrolment, random } = settings;
    this.world = world;
    this.journal = journal;
    this.schedule = schedule;
    this.enrolment = enrolment;
    this.random = random;
    const { learner, course } = enrolment;
    this.course = course;
    this.site = world.site;
    this.username = learner.username;
    this.home = journal.home(world.site, schedule.nowUs);
    this.id = random.hex(32);
    this.courseUrl = `https://${course.host}${course.path}`;
    // Courses with the newer keys are from the years of the newer fields.
    this.#isModern = course.keyStyle === 'course-v1';
    const modern = this.#isModern
      ? `, "accept_language": "en-US,en;q=0.8", "referer": "${this.courseUrl}/info"`
      : '';
    const origin = `"ip": "${learner.ip}", "agent": "${learner.agent}", "host": "${course.host}"`;
    this.#browserHead = `{"username": "${learner.username}", "session": "${this.id}", ${origin}${modern}, "event_source": "browser", "event_type": "`;
    this.#identity = `"user_id": ${learner.id}, "org_id": "${course.organization}", "course_id": "${course.id}"`;
    this.#browserTail = `", "context": {${this.#identity}, "path": "/event"}}`;
    this.#serverTail = `, ${origin}${modern}, "event_source": "server", "time": "`;
  }

  get nowUs(): number {
    return this.schedule.nowUs;
  }

  get origin(): string {
    const { learner, course } = this.enrolment;
    return `"ip": "${learner.ip}", "agent": "${learner.agent}", "host": "${course.host}"`;
  }

  /** Members of the context that say who and which course. */
  get identity(): string {
    return this.#identity;
  }

  /** A browser event; `escaped` is the payload as it stands inside the JSON string. */
  browser(type: string, escaped: string, page = `${this.courseUrl}/info`): void {
    const { nowUs } = this;
    // From 2015 on browser events carry their newer name beside the type.
    const name = this.#isModern ? `", "name": "${MODERN_NAMES[type] ?? type}` : '';
    const line = `${this.#browserHead}${type}${name}", "time": "${isoTime(nowUs)}", "event": "${escaped}", "page": "${page}${this.#browserTail}`;
    this.journal.event(this, line, this.course.id, nowUs);
  }

  /** An explicit server event with an object as its payload. */
  server(type: string, payload: string, module?: Problem): void {
    const { nowUs } = this;
    const context =
      module === undefined
        ? `${this.#identity}, "path": "${this.course.path}/discussion/forum"`
        : `${this.#identity}, "path": "${module.handlerPath}", "module": {"display_name": "${module.displayName}"}`;
    const page = module === undefined ? 'null' : '"x_module"';
    const line = `{"username": "${this.username}", "event_type": "${type}"${this.#serverTail}${isoTime(nowUs)}", "event": ${payload}, "context": {${context}}, "page": ${page}}`;
    this.journal.event(this, line, this.course.id, nowUs);
  }

  /** An implicit event: the request itself. `post` is JSON text, or absent for a GET. */
  request(path: string, post?: string): void {
    const { nowUs } = this;
    const parameters = post === undefined ? NO_PARAMETERS : implicitParameters(post);
    const line = `{"username": "${this.username}", "event_type": "${path}"${this.#serverTail}${isoTime(nowUs)}", "event": "${parameters}", "context": {${this.#identity}, "path": "${path}"}, "page": null}`;
    this.journal.event(this, line, this.course.id, nowUs);
  }

  /** A request that carries a secret and belongs to no course. */
  secretRequest(path: string, post: string): void {
    const line = `{"username": "", "event_type": "${path}", ${this.origin}, "event_source": "server", "time": "${isoTime(this.nowUs)}", "event": "${implicitParameters(post)}", "context": {"user_id": null, "org_id": "", "course_id": "", "path": "${path}"}, "page": null}`;
    this.journal.line(this, line, {
      kind: 'event',
      courseId: '',
      username: '',
      time: { state: 'ok', us: this.nowUs },
      hasSecret: true,
    });
  }

  /** An explicit event that names its course in the payload only: enrolment outside courseware. */
  enrolmentChange(type: string): void {
    const { learner, course, mode } = this.enrolment;
    const line = `{"username": "${learner.username}", "event_type": "${type}"${this.#serverTail}${isoTime(this.nowUs)}", "event": {"course_id": "${course.id}", "user_id": ${learner.id}, "mode": "${mode}"}, "session": "${this.id}", "context": {"user_id": ${learner.id}, "org_id": "", "course_id": null, "path": "/change_enrollment"}, "page": null}`;
    this.journal.event(this, line, course.id, this.nowUs);
  }

  /** A mobile event of `timeUs`, delivered now. `escaped` as in browser. */
  mobile(name: string, type: string, escaped: string, timeUs: number): void {
    const line = `{"username": "${this.username}", "event_source": "mobile", "name": "${name}", "event_type": "${type}", "time": "${isoTime(timeUs)}", "session": "", "ip": "", "host": "${this.course.host}", "agent": "Dalvik/1.6.0 (Linux; U; Android 4.4.2; GT-I9505 Build/KOT49H)", "page": "${this.courseUrl}/courseware", "event": "${escaped}", "context": {${this.#identity}, "path": "/segment/event", "component": "videoplayer", "received_at": "${isoTime(this.nowUs)}", "application": {"name": "edx.mobileapp.android", "version": "1.0.02"}, "client": {"os": {"name": "Android", "version": "4.4.2"}, "device": {"manufacturer": "samsung", "model": "GT-I9505"}}}}`;
    this.journal.event(this, line, this.course.id, timeUs);
  }
}

/** The payload of an implicit event, cut at 512 characters and escaped for its JSON string. */
export function implicitParameters(post: string): string {
  const text = `{"POST": ${post}, "GET": {}}`.slice(0, IMPLICIT_CHARS_MAX);
  return escapeJson(text);
}

/** Escapes JSON text so that it can stand inside a JSON string. */
export function escapeJson(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}

/** JSON text as Python writes it: everything beyond ASCII escaped. */
export function pythonJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
