/**
 * Loads log files through Kafka: this process plans, hands them out, says when dates are complete, and
 * settles what sinks have loaded. It reads no log file and inserts no event.
 *
 *   hand out ──► {prefix}.log-files        {prefix}.answers ──► answers
 *   markers  ──► {prefix}.events           log_file_parts   ──► settle ──► the ledger
 *
 * A round is a run of its own: sinks and ingests drop what an earlier one left, once they see a later number.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { assert } from '#shared/errors';
import type { LogFileAnswer } from '#shared/eventlog/log-file-answer';
import type { RecordKind } from '#shared/kafka/line-headers';
import type { Answered, HandedOut } from '#shared/kafka/messages';
import type { RecordSender } from '#shared/kafka/record-sender';
import type { Topics } from '#shared/kafka/topics';
import type { LoadProgress } from '#shared/progress/load-progress';
import { writeEntries } from '#shared/warehouse/log-file-ledger';
import {
  type LogFilePart,
  readParts,
  removeUnkept,
  sweepParts,
  writeParts,
} from '#shared/warehouse/log-file-parts';
import type { Warehouse } from '#shared/warehouse/warehouse';
import type { LogFileTask } from '../decrypt/log-file-task.js';
import { loaded, type PlannedLogFile } from '../fetch/plan-log-files.js';
import { chooseParts } from '../load/choose-parts.js';
import { holdsLines } from '../load/hold-lines.js';
import { settleLogFiles } from '../load/settle-log-files.js';
import { HandOut } from '../publish/hand-out.js';
import type { LogFileResult } from './load-log-files.js';
import { type RunningFile, type RunningOptions, runningFile } from './running-file.js';

export interface BrokerRoundOptions extends RunningOptions {
  readonly warehouse: Warehouse;
  readonly sender: RecordSender;
  readonly topics: Topics;
  /** Higher than that of any run before. */
  readonly run: number;
  readonly datesAhead: number;
  /** What came of log files since the last call. */
  readonly answers: () => readonly Answered[];
  readonly progress: LoadProgress;
  readonly onFile: (result: LogFileResult) => void;
  readonly signal: AbortSignal;
}

type SettledAnswer = LogFileResult['answer'];

interface File extends RunningFile {
  reading: number;
  answer: SettledAnswer | undefined;
  published: readonly number[];
}

const POLL_MS = 200;
const LAST_POLL_MS = 400;
const MARK_AGAIN_MS = 60_000;
/** Meanwhile nobody waits for what is loaded to be settled, and to settle more at once costs the warehouse less. */
const SETTLE_MS = 2000;

export async function loadThroughBroker(
  planned: readonly PlannedLogFile[],
  options: BrokerRoundOptions,
): Promise<readonly LogFileResult[]> {
  const round = new BrokerRound(planned, options);
  return round.load();
}

class BrokerRound {
  readonly #options: BrokerRoundOptions;
  readonly #files: readonly File[];
  readonly #byId: ReadonlyMap<number, File>;
  readonly #handOut: HandOut<File>;
  readonly #unsettled: Set<File>;
  readonly #results: LogFileResult[] = [];
  #unread: number;
  #settleAtMs = 0;
  #handedOut = 0;
  #earlyBefore: number;

  constructor(planned: readonly PlannedLogFile[], options: BrokerRoundOptions) {
    this.#options = options;
    this.#files = planned.map((one, file) => ({
      ...runningFile(one, file, options),
      ...{ reading: 1, answer: undefined, published: [] },
    }));
    this.#byId = new Map(this.#files.map((file) => [file.loading.file_id, file]));
    this.#handOut = new HandOut(this.#files, options);
    this.#unsettled = new Set(this.#files);
    this.#unread = this.#files.length;
    this.#earlyBefore = options.progress.earlyReleases;
  }

  async load(): Promise<readonly LogFileResult[]> {
    const { warehouse, signal } = this.#options;
    await writeEntries(
      warehouse,
      this.#files.map(({ loading }) => loading),
    );
    await this.#mark('run-begun');
    while (this.#unread > 0) {
      await this.#handOutMore();
      for (const answered of this.#options.answers()) await this.#hear(answered);
      await this.#settleNowAndThen();
      await sleep(POLL_MS, undefined, { signal });
    }
    await this.#end();
    await this.#settle({ isOver: true });
    assert(
      this.#unsettled.size === 0,
      'at the end of a run it is known what came of each log file',
    );
    await sweepParts(warehouse);
    return this.#results;
  }

  /** Resolves when every partition was read to the end of the run. */
  async #end(): Promise<void> {
    const { signal } = this.#options;
    await this.#mark('run-ended');
    let markAtMs = performance.now() + MARK_AGAIN_MS;
    while (!(await this.#hasEnded())) {
      if (performance.now() >= markAtMs) {
        // Brokers may delete the marker as well before a sink comes to it. Where they are away, sinks wait for them too.
        await this.#mark('run-ended').catch(() => undefined);
        markAtMs = performance.now() + MARK_AGAIN_MS;
      }
      await this.#settleNowAndThen();
      await sleep(LAST_POLL_MS, undefined, { signal });
    }
  }

  async #handOutMore(): Promise<void> {
    for (const file of this.#handOut.next()) await this.#send(file);
  }

  async #send({ loading, planned, task, reading }: File): Promise<void> {
    const { sender, topics, run } = this.#options;
    const { organization, site, server, logDate } = planned.entry;
    const message: HandedOut<LogFileTask> = {
      ...{ run, fileId: loading.file_id, reading, task },
      identity: { organization, site, server, logDate },
    };
    const partition = this.#handedOut % topics.logFilePartitions;
    this.#handedOut += 1;
    await sender.send({
      topic: topics.logFiles,
      messages: [{ partition, value: JSON.stringify(message) }],
    });
  }

  /** Several attempts at a log file give the same answer; the first one counts. */
  async #hear({ run, fileId, reading, answer, published }: Answered): Promise<void> {
    const file = this.#byId.get(fileId);
    if (run !== this.#options.run || file === undefined) return;
    if (file.answer !== undefined || file.reading !== reading) return;
    const settled = await this.#settledAnswer(file, answer);
    if (settled === undefined) {
      const again = { ...file, reading: reading + 1, task: { ...file.task, earlier: undefined } };
      Object.assign(file, again);
      await this.#send(file);
      return;
    }
    file.answer = settled;
    file.published = published;
    this.#count(file, settled);
    this.#unread -= 1;
    for (const dateUs of this.#handOut.read(file)) await this.#mark('date-complete', dateUs);
  }

  /** Undefined where the log file has to be read whole: it is shorter than, and not part of, what is held. */
  async #settledAnswer(file: File, answer: LogFileAnswer): Promise<SettledAnswer | undefined> {
    if (answer.kind !== 'shorter') return answer;
    const { delivered, warnings, sum } = answer;
    const isHeld = await holdsLines(this.#options.warehouse, loaded(file.planned.known), sum);
    return isHeld ? { kind: 'superseded', delivered, warnings } : undefined;
  }

  #count({ planned }: File, answer: SettledAnswer): void {
    const { progress } = this.#options;
    progress.filesDone += 1;
    progress.bytesDone += planned.entry.location.bytes;
    if (answer.kind === 'failed') progress.filesFailed += 1;
    if (answer.kind === 'loaded') {
      progress.eventsRead += answer.counts.events;
      progress.rejected += answer.counts.rejected;
      progress.lineBytes += answer.delivered.plaintextBytes;
    }
  }

  async #settleNowAndThen(): Promise<void> {
    if (performance.now() < this.#settleAtMs) return;
    await this.#settle({ isOver: false });
    this.#settleAtMs = performance.now() + SETTLE_MS;
  }

  async #settle({ isOver }: { readonly isOver: boolean }): Promise<void> {
    const { warehouse, run } = this.#options;
    const ready = [...this.#unsettled].filter(({ answer }) => answer !== undefined);
    if (ready.length === 0) return;
    const parts = await readParts(warehouse, { run, states: ['loaded', 'broken'] });
    const byFile = new Map<number, LogFilePart[]>();
    for (const part of parts) {
      const ofFile = byFile.get(part.file_id) ?? [];
      ofFile.push(part);
      byFile.set(part.file_id, ofFile);
    }
    const complete: File[] = [];
    const kept: LogFilePart[] = [];
    for (const file of ready) {
      const { answer, published } = file;
      assert(answer !== undefined, 'only log files with an answer are looked at');
      const isFailed = answer.kind === 'failed';
      const ofFile = byFile.get(file.loading.file_id) ?? [];
      const choice = chooseParts(ofFile, { published, isFailed, isOver });
      if (choice.kind === 'waiting') continue;
      if (choice.kind === 'broken') {
        file.answer = { kind: 'failed', reason: 'lost-in-kafka', detail: choice.detail };
        if (!isFailed) this.#options.progress.filesFailed += 1;
      } else if (!isFailed) {
        kept.push(...choice.kept);
      }
      complete.push(file);
    }
    if (complete.length > 0) await this.#settleFiles(complete, kept);
  }

  /**
   * First which rows count, then the ledger, then what does not count is removed: a sink that inserts later
   * than that finds the log file settled, and removes its rows itself.
   */
  async #settleFiles(files: readonly File[], kept: readonly LogFilePart[]): Promise<void> {
    const { warehouse, run, progress } = this.#options;
    await writeParts(
      warehouse,
      kept.map((part) => ({ ...part, revision: 2, state: 'kept' })),
    );
    const settled = files.map(({ planned, loading, answer }) => {
      assert(answer !== undefined, 'a log file that is settled has an answer');
      return { planned, loading, known: planned.known, answer };
    });
    await settleLogFiles(warehouse, settled);
    await removeUnkept(warehouse, { run, fileIds: files.map(({ loading }) => loading.file_id) });
    for (const part of kept) progress.eventsLoaded += part.events;
    for (const file of files) this.#unsettled.delete(file);
    for (const { planned, answer } of settled) {
      this.#results.push({ planned, answer });
      this.#options.onFile({ planned, answer });
    }
  }

  /** True once every partition has come to the end of the run: no sink holds anything of it any more. */
  async #hasEnded(): Promise<boolean> {
    const { warehouse, run, topics, progress } = this.#options;
    const ended = await readParts(warehouse, { run, states: ['ended'] });
    const early = new Map(ended.map((part) => [part.sink, part.early_releases]));
    progress.earlyReleases = this.#earlyBefore + Math.max(0, ...early.values());
    return new Set(ended.map(({ partition }) => partition)).size >= topics.partitions;
  }

  #mark(kind: RecordKind, dateUs?: number): Promise<void> {
    return markRun(kind, { ...this.#options, dateUs });
  }
}

/** Appends a marker to every partition of the event log. */
export async function markRun(
  kind: RecordKind,
  {
    sender,
    topics,
    run,
    dateUs,
  }: Pick<BrokerRoundOptions, 'sender' | 'topics' | 'run'> & {
    readonly dateUs?: number | undefined;
  },
): Promise<void> {
  const headers = {
    ...{ kind, run: String(run) },
    ...(dateUs === undefined ? {} : { 'date-us': String(dateUs) }),
  };
  await sender.send({
    topic: topics.events,
    messages: Array.from({ length: topics.partitions }, (_, partition) => ({
      ...{ partition, value: null, headers },
    })),
  });
}
