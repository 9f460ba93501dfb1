/**
 * Where sessions write: chooses the server for a line, rotates log files at about midnight, and
 * adds an odd line now and then. What a rotation ends is kept, encrypted, in a spool directory
 * until the last package has been made.
 */
import path from 'node:path';
import { DAY_US, SECOND_US } from './calendar.js';
import { type FinishedFile, LogFile, logDateOf, type PartialEnd } from './log-file.js';
import { OddLines } from './odd-lines.js';
import { ordinaryLine } from './odd-parts.js';
import { Random } from './prng.js';
import type { Profile, Site } from './profile.js';
import type { Session } from './session.js';
import { type LineOutcome, Tally } from './tally.js';
import type { Recipients } from './write-keys.js';
import { MessageWriter } from './write-message.js';

/** Pieces of text under way to their messages: what the memory of a run is bounded by. */
const INFLIGHT_MAX = 24;

interface Server {
  readonly site: Site;
  readonly name: string;
  readonly weight: number;
  readonly isUp: (day: number) => boolean;
  day: number;
  untilUs: number;
  file: LogFile | undefined;
}

export interface JournalSettings {
  readonly profile: Profile;
  readonly startUs: number;
  readonly spool: string;
  readonly recipients: Recipients;
  /** Days that are the last of a package. */
  readonly partialDays: ReadonlySet<number>;
}

export class Journal {
  readonly finished: FinishedFile[] = [];
  /** Of the finished files. */
  readonly total = new Tally();
  readonly odd: OddLines;
  lines = 0;
  bytes = 0;
  readonly #settings: JournalSettings;
  readonly #servers: Server[];
  readonly #random: Random;
  readonly #eventsOfSite: Record<Site, number> = { prod: 0, edge: 0 };
  #full: LogFile[] = [];
  readonly #inflight = new Set<Promise<void>>();

  constructor(settings: JournalSettings) {
    this.#settings = settings;
    this.#random = Random.of(settings.profile.seed, 'journal');
    this.odd = new OddLines(Random.of(settings.profile.seed, 'odd'));
    this.#servers = makeServers(settings);
  }

  /** True when pieces wait to be handed on: time to await `flush`. */
  get wantsFlush(): boolean {
    return this.#full.length > 0;
  }

  /** Lines written for a site so far. */
  eventsOf(site: Site): number {
    return this.#eventsOfSite[site];
  }

  /** Names of servers of a site, in the order of the tar. */
  serversOf(site: Site): string[] {
    return this.#servers.filter((server) => server.site === site).map((server) => server.name);
  }

  /** The server a new session goes to. */
  home(site: Site, nowUs: number): string {
    return this.#choose(site, nowUs).name;
  }

  /** Writes an ordinary event of a session that happens now, or of a phone that was offline. */
  event(session: Session, line: string, courseId: string, timeUs: number): void {
    const { nowUs } = session.schedule;
    const server = this.#route(session, nowUs);
    const file = this.#fileAt(server, nowUs);
    file.event(line, courseId, session.username, timeUs);
    this.#count(file, line);
    if (this.#random.fraction() < this.#settings.profile.oddShare) {
      const odd = this.odd.next(session, nowUs);
      for (const { line: oddLine, outcome } of odd) {
        file.line(oddLine, outcome);
        this.#count(file, oddLine);
      }
    }
  }

  /** Writes a line together with what it counts as. */
  line(session: Session, line: string, outcome: LineOutcome): void {
    const { nowUs } = session.schedule;
    const file = this.#fileAt(this.#route(session, nowUs), nowUs);
    file.line(line, outcome);
    this.#count(file, line);
  }

  /**
   * Hands waiting text to the messages; resolves when more may be written. Compression runs beside
   * the simulation, up to a bound.
   */
  async flush(): Promise<void> {
    for (const file of this.#full) this.#track(file.flush());
    this.#full = [];
    while (this.#inflight.size > INFLIGHT_MAX) await Promise.race(this.#inflight);
  }

  #track(work: Promise<void>): void {
    this.#inflight.add(work);
    const forget = () => this.#inflight.delete(work);
    // A failure is kept in the set, so that flush or settle throws it.
    work.then(forget, () => {});
  }

  /** Waits until every log file that was rotated is on disk. */
  async settle(): Promise<void> {
    await Promise.all(this.#inflight);
  }

  /** Ends the partial files of the package day; the whole ones go on. */
  async cutPackage(sessionOf: (site: Site) => Session, nowUs: number): Promise<FinishedFile[]> {
    const partials: FinishedFile[] = [];
    const ends: PartialEnd[] = ['inside-line', 'line-end', 'before-line-feed'];
    for (const [index, server] of this.#servers.entries()) {
      this.#rotate(server, nowUs);
      const file = server.file;
      if (file === undefined) continue;
      const session = sessionOf(server.site);
      const outcome: LineOutcome = {
        kind: 'event',
        courseId: session.course.id,
        username: session.username,
        time: { state: 'ok', us: nowUs },
        hasSecret: false,
      };
      const end = ends[index % ends.length] ?? 'line-end';
      const partial = await file.endPartial(end, {
        line: ordinaryLine(session, nowUs),
        outcome,
      });
      if (partial === undefined) continue;
      partials.push(partial);
      // A day that ends inside a line took one more line to do so.
      if (partial.partialEnd === 'inside-line') this.lines++;
    }
    return partials;
  }

  /** Gives up what is not finished, so that the spool directory can be removed. */
  async abandon(): Promise<void> {
    await Promise.allSettled(this.#servers.map((server) => server.file?.abandon()));
    await Promise.allSettled(this.#inflight);
  }

  /** Ends everything; files of a day that no package takes are ended too, and left out. */
  async end(): Promise<void> {
    for (const server of this.#servers) this.#endFile(server);
    await this.settle();
  }

  #count(file: LogFile, line: string): void {
    this.lines++;
    this.#eventsOfSite[file.site]++;
    this.bytes += line.length + 1;
    if (file.wantsFlush && !this.#full.includes(file)) this.#full.push(file);
  }

  #route(session: Session, nowUs: number): Server {
    const home = this.#servers.find((server) => server.name === session.home);
    // A load balancer without sticky sessions: one request in five goes elsewhere.
    if (home === undefined || this.#random.fraction() < 0.2) {
      return this.#choose(session.site, nowUs);
    }
    this.#rotate(home, nowUs);
    return home.isUp(home.day) ? home : this.#choose(session.site, nowUs);
  }

  #choose(site: Site, nowUs: number): Server {
    let total = 0;
    const up: Server[] = [];
    for (const server of this.#servers) {
      if (server.site !== site) continue;
      this.#rotate(server, nowUs);
      if (!server.isUp(server.day)) continue;
      up.push(server);
      total += server.weight;
    }
    let left = this.#random.fraction() * total;
    for (const server of up) {
      left -= server.weight;
      if (left <= 0) return server;
    }
    return this.#random.pick(up);
  }

  #fileAt(server: Server, nowUs: number): LogFile {
    this.#rotate(server, nowUs);
    server.file ??= this.#open(server);
    return server.file;
  }

  /** A server rotates its log a little before or after midnight: lines of the neighbouring day. */
  #rotate(server: Server, nowUs: number): void {
    if (nowUs < server.untilUs) return;
    this.#endFile(server);
    while (nowUs >= server.untilUs) {
      server.day++;
      server.untilUs = this.#rotationUs(server, server.day + 1);
    }
  }

  #rotationUs(server: Server, day: number): number {
    const random = Random.of(this.#settings.profile.seed, 'rotation', server.name, day);
    const offset = random.between(-45, 150) * SECOND_US;
    return this.#settings.startUs + day * DAY_US + offset;
  }

  #open(server: Server): LogFile {
    const { profile, startUs, spool, recipients, partialDays } = this.#settings;
    const logDate = logDateOf(startUs, server.day);
    const writer = (suffix: string) =>
      new MessageWriter(path.join(spool, `${server.name}-${logDate}${suffix}`), {
        recipients,
        compression: profile.compression,
        level: profile.compressionLevel,
        fileName: `${logDate}_${profile.organization}.log`,
      });
    return new LogFile({
      site: server.site,
      server: server.name,
      logDate,
      random: Random.of(profile.seed, 'log-file', server.name, logDate),
      stretchShare: profile.oddShare / 20,
      whole: writer('.gpg'),
      partial: partialDays.has(server.day) ? writer('.partial.gpg') : undefined,
    });
  }

  #endFile(server: Server): void {
    const file = server.file;
    if (file === undefined) return;
    server.file = undefined;
    this.#full = this.#full.filter((other) => other !== file);
    this.#track(
      file.end().then((finished) => {
        this.total.include(finished.tally);
        finished.tally.forgetLearners();
        this.finished.push(finished);
      }),
    );
  }
}

function makeServers({ profile, startUs }: JournalSettings): Server[] {
  const servers: Server[] = [];
  const hasEdge = profile.sites.includes('edge');
  const prodCount = Math.max(1, profile.servers - (hasEdge ? 1 : 0));
  const add = (site: Site, name: string, weight: number, isUp: (day: number) => boolean) =>
    servers.push({ site, name, weight, isUp, day: 0, untilUs: 0, file: undefined });
  for (let index = 0; index < prodCount; index++) {
    const isLast = index > 0 && index === prodCount - 1;
    // The last server joins later, and the second misses a day; the first is always there.
    const firstDay = isLast ? Math.floor(profile.days / 4) : 0;
    const missedDay = index === 1 ? Math.floor(profile.days / 2) : -1;
    add(
      'prod',
      `prod-edxapp-${String(index + 3).padStart(3, '0')}`,
      1 / (1 + index * 0.6),
      (day) => {
        return day >= firstDay && day !== missedDay;
      },
    );
  }
  if (hasEdge) add('edge', 'prod-edge-edxapp-001', 1, () => true);
  for (const server of servers) {
    const random = Random.of(profile.seed, 'rotation', server.name, 1);
    server.untilUs = startUs + DAY_US + random.between(-45, 150) * SECOND_US;
  }
  return servers;
}
