/**
 * Puts together what one partition has of one log file, from the records of one attempt or of several.
 *
 *   attempt 1   1 2 3 4 5 ✗                        taken: 1 2 3 4 5
 *   attempt 2         1 2 3 4 5 6 7 8 end(8)                  6 7 8, and the end
 *
 * Every attempt publishes the lines of a course in the order of the log file, without a gap from the first
 * one on. So a line is new if it comes after the last one taken, whichever attempt it is of, and the count in
 * the end marker must be what was taken.
 */
import type { KafkaMessage } from 'kafkajs';
import type { RejectedLine } from '#shared/eventlog/event-batch';
import { headerNumbers, headerText } from '#shared/kafka/line-headers';

/** Lines of one course, separated by LF, of which the first `skip` are not wanted. */
export interface LineRun {
  readonly bytes: Buffer;
  readonly lines: Uint32Array;
  readonly skip: number;
}

/** A line that comes in pieces, as far as it has come. */
interface Pieces {
  readonly line: number;
  readonly chunks: Buffer[];
}

const REJECTED = '\u0000rejected';

export class PartReader {
  /** Events and rejected lines taken so far. */
  events = 0;
  rejected = 0;
  /** Per course, and for rejected lines: the last line taken. */
  readonly #last = new Map<string, number>();
  readonly #pieces = new Map<string, Pieces>();
  #runs: LineRun[] = [];
  #rejectedLines: RejectedLine[] = [];

  /** Takes a record of lines; says how many of its lines had come before. */
  addLines(message: KafkaMessage): number {
    const course = message.key?.toString('latin1') ?? '';
    const lines = headerNumbers(message.headers, 'lines');
    const last = this.#last.get(course) ?? 0;
    let skip = 0;
    while (skip < lines.length && (lines[skip] as number) <= last) skip += 1; // inside the list
    if (skip === lines.length) return skip;
    const bytes = this.#whole(course, lines[0] as number, message); // it has at least one
    if (bytes === undefined) return 0;
    this.#last.set(course, lines.at(-1) ?? last);
    this.#runs.push({ bytes, lines, skip });
    this.events += lines.length - skip;
    return skip;
  }

  /** Takes the record of a rejected line; says how many had come before: it, or none. */
  addRejected(message: KafkaMessage): number {
    const line = headerNumbers(message.headers, 'lines')[0] ?? 0;
    if (line <= (this.#last.get(REJECTED) ?? 0)) return 1;
    const raw = this.#whole(REJECTED, line, message);
    if (raw === undefined) return 0;
    this.#last.set(REJECTED, line);
    const reason = headerText(message.headers, 'reason');
    const detail = headerText(message.headers, 'detail');
    this.#rejectedLines.push({ line, reason, detail, raw });
    this.rejected += 1;
    return 0;
  }

  /** What has come since the last call. */
  take(): { readonly runs: readonly LineRun[]; readonly rejected: readonly RejectedLine[] } {
    const taken = { runs: this.#runs, rejected: this.#rejectedLines };
    this.#runs = [];
    this.#rejectedLines = [];
    return taken;
  }

  /** The value, once all of its pieces are there. Pieces that come again are passed over. */
  #whole(of: string, line: number, { headers, value }: KafkaMessage): Buffer | undefined {
    const bytes = value ?? Buffer.alloc(0);
    const piece = headerText(headers, 'piece');
    if (piece === '') return bytes;
    const [number = 0, count = 0] = piece.split('/').map(Number);
    let pending = this.#pieces.get(of);
    if (pending === undefined || pending.line !== line) pending = { line, chunks: [] };
    if (number !== pending.chunks.length + 1) return undefined;
    // A copy: the record lies in a response that is larger than it.
    pending.chunks.push(Buffer.from(bytes));
    this.#pieces.set(of, pending);
    if (number < count) return undefined;
    this.#pieces.delete(of);
    return Buffer.concat(pending.chunks);
  }
}
