/**
 * What travels between `edxstream load --broker` and the ingests, as JSON: log files to read, and what came
 * of each.
 */
import type { LogFileAnswer } from '#shared/eventlog/log-file-answer';
import type { LogFileIdentity } from '#shared/kafka/line-headers';

/** A log file to be read, as the planner hands it out. `task` is what the decrypt pool takes. */
export interface HandedOut<Task> {
  readonly run: number;
  readonly fileId: number;
  /** Counts up where the same log file has to be read in another way. */
  readonly reading: number;
  readonly identity: LogFileIdentity;
  readonly task: Task;
}

/** What came of a log file. Two attempts at the same one give the same answer. */
export interface Answered {
  readonly run: number;
  readonly fileId: number;
  readonly reading: number;
  readonly answer: LogFileAnswer;
  /** Per partition: the events and rejected lines that were published to it. */
  readonly published: readonly number[];
  /** Who read it, for people. */
  readonly ingest: string;
}

/** Bytes stand in JSON as base64 under a name that nothing else has. */
const BYTES = 'base64:';

export function answerToJson(answered: Answered): string {
  const { answer } = answered;
  if (answer.kind !== 'shorter') return JSON.stringify(answered);
  const tail = BYTES + Buffer.from(answer.sum.tail).toString('base64');
  return JSON.stringify({ ...answered, answer: { ...answer, sum: { ...answer.sum, tail } } });
}

export function answerFromJson(text: string): Answered {
  // Written by answerToJson of the same version: all processes of a cluster are upgraded together.
  return JSON.parse(text, (key: string, value: unknown) =>
    key === 'tail' && typeof value === 'string' && value.startsWith(BYTES)
      ? new Uint8Array(Buffer.from(value.slice(BYTES.length), 'base64'))
      : value,
  ) as Answered;
}
