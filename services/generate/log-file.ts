/**
 * One log file while it is being written: a server's lines of one log date. On the last day of a
 * package it is written twice, whole and as the package has it: a prefix that ends when edX made
 * the package.
 *
 *   whole     ├──────────────────────────────────────────────┤  delivered a week later
 *   partial   ├──────────────────────┤                          delivered now; may end inside a line
 */
import { DAY_US, startOfDate } from './calendar.js';
import type { Random } from './prng.js';
import type { Site } from './profile.js';
import { type LineOutcome, SKEW_US, Tally } from './tally.js';
import type { MessageWriter, WrittenMessage } from './write-message.js';

/** Text is handed to the message in pieces of about this size. */
const PIECE_BYTES = 1 << 17;

export type PartialEnd = 'line-end' | 'before-line-feed' | 'inside-line';

export interface FinishedFile {
  readonly site: Site;
  readonly server: string;
  readonly logDate: string;
  readonly tally: Tally;
  readonly plaintextBytes: number;
  readonly message: WrittenMessage;
  /** Set where the file is the partial last day of a package. */
  readonly partialEnd?: PartialEnd;
}

export interface LogFileSettings {
  readonly site: Site;
  readonly server: string;
  readonly logDate: string;
  readonly random: Random;
  /** Shuffled stretches for each line. */
  readonly stretchShare: number;
  readonly whole: MessageWriter;
  readonly partial: MessageWriter | undefined;
}

export class LogFile {
  readonly logDate: string;
  readonly #settings: LogFileSettings;
  readonly #lateBeforeUs: number;
  readonly #tally = new Tally();
  #partial: MessageWriter | undefined;
  /** Latin-1: each character is one byte. */
  #text = '';
  #lastLine: string | undefined;
  #bytes = 0;
  #stretch: string[] = [];
  #stretchLines = 0;

  constructor(settings: LogFileSettings) {
    this.#settings = settings;
    this.logDate = settings.logDate;
    this.#lateBeforeUs = startOfDate(settings.logDate) - SKEW_US;
    this.#partial = settings.partial;
  }

  get site(): Site {
    return this.#settings.site;
  }

  get wantsFlush(): boolean {
    return this.#text.length >= PIECE_BYTES;
  }

  /** Whether this log date ends here for the package that is being made. */
  get isPartialDay(): boolean {
    return this.#partial !== undefined;
  }

  /** An ordinary event, with a usable time and no secret. */
  event(line: string, courseId: string, username: string, timeUs: number): void {
    this.#tally.addEvent(courseId, username, timeUs, this.#lateBeforeUs);
    this.#write(line);
  }

  /** Any other line, with what it counts as. */
  line(line: string, outcome: LineOutcome): void {
    this.#tally.add(outcome, this.#lateBeforeUs);
    this.#write(line);
  }

  async flush(): Promise<void> {
    if (this.#text === '') return;
    const piece = Buffer.from(this.#text, 'latin1');
    this.#text = '';
    this.#bytes += piece.length;
    await Promise.all([this.#settings.whole.write(piece), this.#partial?.write(piece)]);
  }

  /** Ends the partial message, if there is one; what follows goes to the whole one only. */
  async endPartial(
    end: PartialEnd,
    nextLine: { readonly line: string; readonly outcome: LineOutcome },
  ): Promise<FinishedFile | undefined> {
    const partial = this.#partial;
    if (partial === undefined) return undefined;
    this.#endStretch();
    await this.flush();
    this.#partial = undefined;
    const tally = this.#tally.copy();
    let tail = '\n';
    let actualEnd: PartialEnd = 'line-end';
    if (end === 'inside-line' && this.#lastLine !== undefined) {
      this.line(nextLine.line, nextLine.outcome);
      tail = `\n${nextLine.line.slice(0, Math.floor(nextLine.line.length / 2))}`;
      tally.add({ kind: 'rejected', reason: 'cut', hasSecret: false }, 0);
      actualEnd = end;
    } else if (end === 'before-line-feed' && this.#lastLine !== '') {
      tail = '';
      actualEnd = end;
    }
    const bytes = this.#bytes + tail.length;
    if (tail !== '') await partial.write(Buffer.from(tail, 'latin1'));
    const message = await partial.end();
    return { ...this.#identity(), tally, plaintextBytes: bytes, message, partialEnd: actualEnd };
  }

  /** Ends the whole message; a package that takes only part of this day has taken it before. */
  async end(): Promise<FinishedFile> {
    this.#endStretch();
    // A log file now and then ends without its last line feed.
    const bare = this.#lastLine !== '' && this.#settings.random.chance(0.2);
    if (!bare) this.#text += '\n';
    await this.flush();
    const message = await this.#settings.whole.end();
    return {
      ...this.#identity(),
      tally: this.#tally,
      plaintextBytes: this.#bytes,
      message,
    };
  }

  async abandon(): Promise<void> {
    await Promise.all([this.#settings.whole.abandon(), this.#partial?.abandon()]);
  }

  #identity() {
    const { site, server, logDate } = this.#settings;
    return { site, server, logDate };
  }

  #write(line: string): void {
    if (this.#stretchLines > 0) {
      this.#stretch.push(line);
      if (--this.#stretchLines === 0) this.#endStretch();
      return;
    }
    this.#append(line);
    if (this.#settings.random.fraction() < this.#settings.stretchShare) {
      this.#stretchLines = this.#settings.random.between(4, 40);
    }
  }

  /** Lines of several processes of a server reach the file in no order for a while. */
  #endStretch(): void {
    const held = this.#stretch;
    this.#stretch = [];
    this.#stretchLines = 0;
    this.#settings.random.shuffle(held);
    for (const line of held) this.#append(line);
  }

  #append(line: string): void {
    // The line feed goes before a line, so that the last one can lack its own.
    this.#text += this.#lastLine === undefined ? line : `\n${line}`;
    this.#lastLine = line;
  }
}

/** The log date of a day, counted from the first. */
export function logDateOf(startUs: number, day: number): string {
  return new Date((startUs + day * DAY_US) / 1000).toISOString().slice(0, 10);
}
