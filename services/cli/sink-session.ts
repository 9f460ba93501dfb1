/**
 * What a sink does between two assignments of partitions: it reads them from where they were committed,
 * merges, and loads. Any fault ends the session; the next one begins again from the committed offsets.
 *
 *   records ─► parts (log file × partition) ─► merge ─► insert ─► `loaded` in log_file_parts ─► commit
 *
 * An offset is committed once all parts that begin before it are loaded. So a part is always read from its
 * first record by one session, and its rows carry the number of that session and partition: what a session
 * left half-way is recognised by it, see log-file-parts.ts.
 *
 * Longer than 300 lines, because all of it is one state: what is read, what is being loaded, what is committed.
 */
import { randomInt } from 'node:crypto';
import type { KafkaMessage } from 'kafkajs';
import { type EventBatch, freeBatch } from '#shared/eventlog/event-batch';
import type { EventLog } from '#shared/eventlog/event-log';
import { inProcessEventLog } from '#shared/eventlog/in-process';
import { headerNumber, headerText, type RecordKind } from '#shared/kafka/line-headers';
import type { Kernel } from '#shared/kernel/kernel';
import type { LineScanner } from '#shared/tracking/line-scanner';
import {
  type LogFilePart,
  readParts,
  removeUnkept,
  stillLoading,
  writeParts,
} from '#shared/warehouse/log-file-parts';
import type { Warehouse } from '#shared/warehouse/warehouse';
import { rescannedBatches } from '../decrypt/rescanned-batch.js';
import { type InsertedRun, loadRuns } from '../load/load-runs.js';
import { mergeByTime } from '../merge/merge-by-time.js';
import { SKEW_SECONDS } from './running-file.js';
import {
  type CommittedPartition,
  type Part,
  type PartitionState,
  SinkParts,
} from './sink-parts.js';

export interface SinkSessionOptions {
  readonly warehouse: Warehouse;
  /** Whose memory batches are made in, by the scanner that reads lines in it. */
  readonly kernel: Kernel;
  readonly scanner: LineScanner;
  readonly releaseBytes: number;
  readonly windowBytesMax: number;
  readonly queueBytesMax: number;
  /** Commits offsets; resolves whether or not it could. */
  readonly commit: (partitions: readonly CommittedPartition[]) => Promise<void>;
  /** Told once, of the fault that ended the session by itself. */
  readonly onFailed: (error: unknown) => void;
  readonly onInserted: (run: InsertedRun) => void;
  readonly onWindow: (bytes: number) => void;
  readonly onDuplicates: (lines: number) => void;
  readonly onDateComplete: (partition: number, dateUs: number) => void;
}

interface Partition {
  readonly partition: number;
  /** The number that rows of this session carry in this partition. */
  readonly sink: number;
  position: bigint;
  state: PartitionState;
  committed: bigint;
}

/** Merge and load of one run. */
interface Pipeline {
  readonly log: EventLog;
  readonly ended: Promise<void>;
  /** Nobody wants what it has: its faults are nobody's. */
  isDropped: boolean;
}

const SINK_MAX = 2 ** 32 - 1;
const NOTHING: PartitionState = { run: 0, isEnded: false, dateCompleteUs: null };
const OVER = new Error('The session of this sink is over.');

export class SinkSession {
  readonly #options: SinkSessionOptions;
  readonly #partitions = new Map<number, Partition>();
  /** Batches that the pipeline has and has not freed. */
  readonly #batches = new Set<EventBatch>();
  #run = 0;
  readonly #parts = new SinkParts();
  #dateCompleteUs = Number.NEGATIVE_INFINITY;
  #earlyReleases = 0;
  #pipeline: Pipeline | undefined;
  #isOver = false;
  /** Resolves when no record is being taken, never rejects. */
  #taking: Promise<void> = Promise.resolve();

  private constructor(committed: readonly CommittedPartition[], options: SinkSessionOptions) {
    this.#options = options;
    for (const { partition, offset, ...state } of committed) {
      this.#partitions.set(partition, {
        partition,
        sink: randomInt(1, SINK_MAX),
        position: offset,
        state,
        committed: offset,
      });
    }
  }

  static async open(
    committed: readonly CommittedPartition[],
    options: SinkSessionOptions,
  ): Promise<SinkSession> {
    const session = new SinkSession(committed, options);
    await session.#beginRun(Math.max(0, ...committed.map(({ run }) => run)));
    // Its end was read by an earlier session, which may not have come to saying so.
    await session.#sayEnded();
    return session;
  }

  /** The next record to read of a partition; undefined where it is not of this session. */
  position(partition: number): bigint | undefined {
    return this.#isOver ? undefined : this.#partitions.get(partition)?.position;
  }

  /** The latest date that is complete in each partition; an end of the run comes after all dates. */
  dates(): ReadonlyMap<number, number> {
    return new Map(
      [...this.#partitions].map(([partition, { state }]) => [partition, this.#dateOf(state)]),
    );
  }

  /** Takes records of a partition, in their order. Rejects when the session has failed or is over. */
  take(partition: number, messages: readonly KafkaMessage[]): Promise<void> {
    // The same records are handed over again where the group did not answer meanwhile: one after the other.
    const taken = this.#taking.then(() => this.#take(partition, messages));
    this.#taking = taken.catch(() => undefined);
    return taken;
  }

  async #take(partition: number, messages: readonly KafkaMessage[]): Promise<void> {
    const at = this.#partitions.get(partition);
    if (at === undefined) return;
    if (this.#isOver) throw OVER;
    try {
      for (const message of messages) {
        const offset = BigInt(message.offset);
        if (offset < at.position) continue;
        await this.#takeRecord(at, message);
        if (this.#isOver) throw OVER;
        at.position = offset + 1n;
      }
      await this.#flush();
      await this.#commit();
    } catch (error) {
      // What was taken half-way is taken again by the next session, from its beginning.
      this.#fail(error);
      throw error;
    }
  }

  /** Ends the session by a fault, once. */
  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#pipeline?.log.end(error);
    this.#options.onFailed(error);
  }

  /** Ends it: what is being inserted is waited for, all else is dropped. */
  async close(): Promise<void> {
    this.#isOver = true;
    await this.#endPipeline();
  }

  async #takeRecord(at: Partition, message: KafkaMessage): Promise<void> {
    const run = headerNumber(message.headers, 'run');
    // Anything else in the topic is not ours.
    if (Number.isNaN(run) || run < this.#run) return;
    if (run > this.#run) await this.#beginRun(run);
    if (at.state.run !== run) at.state = { ...NOTHING, run };
    if (at.state.isEnded) return;
    const kind = headerText(message.headers, 'kind') as RecordKind; // another one falls through
    switch (kind) {
      case 'lines':
      case 'rejected':
        this.#takeLines(at, kind, message);
        break;
      case 'file-ended':
        await this.#endPart(at, message);
        break;
      case 'date-complete': {
        const dateUs = headerNumber(message.headers, 'date-us');
        at.state = { ...at.state, dateCompleteUs: Math.max(at.state.dateCompleteUs ?? 0, dateUs) };
        this.#options.onDateComplete(at.partition, dateUs);
        await this.#moveWatermark();
        break;
      }
      case 'run-ended':
        at.state = { ...at.state, isEnded: true };
        at.position = BigInt(message.offset) + 1n;
        await this.#endRun();
        break;
      case 'run-begun':
        break;
      default:
        kind satisfies never;
    }
  }

  #takeLines(at: Partition, kind: 'lines' | 'rejected', message: KafkaMessage): void {
    const part = this.#parts.of(message, at);
    if (part === undefined || part.isEnded) {
      this.#options.onDuplicates(1);
      return;
    }
    const { reader } = part;
    const duplicates = kind === 'lines' ? reader.addLines(message) : reader.addRejected(message);
    if (duplicates > 0) this.#options.onDuplicates(duplicates);
  }

  async #endPart(at: Partition, message: KafkaMessage): Promise<void> {
    const count = headerNumber(message.headers, 'count');
    const isFailed = headerText(message.headers, 'outcome') === 'failed';
    const fileId = headerNumber(message.headers, 'file');
    // Nothing of it came here, and nobody waits for it.
    if (count === 0 && !isFailed && !this.#parts.isOpen(fileId, at.partition)) return;
    const part = this.#parts.of(message, at);
    if (part === undefined || part.isEnded) return;
    part.isEnded = true;
    const taken = part.reader.events + part.reader.rejected;
    if (taken !== count && !isFailed) {
      part.missing = `Partition ${at.partition} had ${taken} of its ${count} lines.`;
    }
    await this.#flushPart(part);
    await this.#append({ kind: 'file-ended', file: part.file });
  }

  /** The watermark of all partitions together is that of the slowest. */
  async #moveWatermark(): Promise<void> {
    const slowestUs = Math.min(...this.dates().values());
    if (!Number.isFinite(slowestUs) || slowestUs <= this.#dateCompleteUs) return;
    this.#dateCompleteUs = slowestUs;
    await this.#flush();
    await this.#append({ kind: 'date-complete', logDateStartUs: slowestUs });
  }

  #dateOf({ run, isEnded, dateCompleteUs }: PartitionState): number {
    if (run !== this.#run) return Number.NEGATIVE_INFINITY;
    return isEnded ? Number.POSITIVE_INFINITY : (dateCompleteUs ?? Number.NEGATIVE_INFINITY);
  }

  /** When a run has ended in all partitions, all of it is loaded and said to be. */
  async #endRun(): Promise<void> {
    const partitions = [...this.#partitions.values()];
    if (partitions.some(({ state }) => state.run !== this.#run || !state.isEnded)) {
      await this.#moveWatermark();
      return;
    }
    await this.#flush();
    const pipeline = this.#pipeline;
    pipeline?.log.end();
    await pipeline?.ended;
    if (this.#isOver) throw OVER;
    this.#pipeline = undefined;
    await this.#sayEnded();
  }

  async #sayEnded(): Promise<void> {
    const ended = [...this.#partitions.values()].filter(
      ({ state }) => state.run === this.#run && state.isEnded,
    );
    await writeParts(
      this.#options.warehouse,
      ended.map(({ partition, sink }) => ({
        ...{ run: this.#run, file_id: this.#run, partition, sink, revision: 0, state: 'ended' },
        ...{ log_date: '1970-01-01', events: 0, rejected: 0, detail: '' },
        early_releases: this.#earlyReleases,
      })),
    );
  }

  async #beginRun(run: number): Promise<void> {
    await this.#endPipeline();
    this.#run = run;
    this.#dateCompleteUs = Number.NEGATIVE_INFINITY;
    const { warehouse } = this.#options;
    this.#parts.beginRun(await readParts(warehouse, { run, states: ['loaded', 'broken', 'kept'] }));
    this.#pipeline = this.#openPipeline();
    await this.#moveWatermark();
  }

  #openPipeline(): Pipeline {
    const { warehouse, releaseBytes, windowBytesMax, queueBytesMax } = this.#options;
    const log = inProcessEventLog({ bytesMax: queueBytesMax });
    const partAt = (file: number): Part => this.#parts.at(file);
    const runs = mergeByTime(log.read(), {
      releaseBytes,
      windowBytesMax,
      skewUs: SKEW_SECONDS * 1e6,
      fileRank: (file) => this.#parts.rankOf(file),
      logDateStartUs: (file) => partAt(file).logDateStartUs,
      onWindow: this.#options.onWindow,
    });
    const ended = loadRuns(runs, {
      insertsAtOnce: 2,
      warehouse,
      fileOf: (file) => {
        const { identity, fileId, sink } = partAt(file);
        return { ...identity, fileId, sink };
      },
      begin: (files) =>
        writeParts(
          warehouse,
          files.map((file) => this.#entry(partAt(file), 'loading', 0)),
        ),
      settle: (done, touched) => this.#settle(done.map(partAt), touched.map(partAt)),
      kernel: this.#options.kernel,
      free: (batch) => this.#free(batch),
      onInserted: (inserted) => {
        if (inserted.isEarly) this.#earlyReleases += 1;
        this.#options.onInserted(inserted);
      },
      // The next session begins when `ended` has settled: nothing of this one is under way then.
      onFailed: (error) => failed(error),
    });
    const pipeline: Pipeline = { log, ended, isDropped: false };
    const failed = (error: unknown): void => {
      if (!pipeline.isDropped) this.#fail(error);
    };
    ended.catch(failed);
    return pipeline;
  }

  async #endPipeline(): Promise<void> {
    const pipeline = this.#pipeline;
    this.#pipeline = undefined;
    if (pipeline === undefined) return;
    pipeline.isDropped = true;
    pipeline.log.end(OVER);
    await pipeline.ended.catch(() => undefined);
    for (const batch of this.#batches) this.#free(batch);
  }

  /**
   * Says what is loaded. Log files that are not being loaded any more were settled without this session, or
   * given up: its rows do not count then, and go.
   */
  async #settle(done: readonly Part[], touched: readonly Part[]): Promise<void> {
    const { warehouse } = this.#options;
    const fileIds = [...new Set([...touched, ...done].map(({ fileId }) => fileId))];
    const loading = await stillLoading(warehouse, fileIds);
    const inVain = fileIds.filter((fileId) => !loading.has(fileId));
    await removeUnkept(warehouse, { run: this.#run, fileIds: inVain });
    await writeParts(
      warehouse,
      done
        .filter(({ fileId }) => loading.has(fileId))
        .map((part) => this.#entry(part, part.missing === '' ? 'loaded' : 'broken', 1)),
    );
    this.#parts.markLoaded(done);
    if (done.length > 0) await this.#commit();
  }

  #entry(part: Part, state: LogFilePart['state'], revision: number): LogFilePart {
    return {
      run: this.#run,
      file_id: part.fileId,
      partition: part.partition,
      sink: part.sink,
      revision,
      state,
      log_date: part.identity.logDate,
      events: part.reader.events,
      rejected: part.reader.rejected,
      early_releases: this.#earlyReleases,
      detail: part.missing,
    };
  }

  async #flush(): Promise<void> {
    for (const partition of this.#partitions.keys()) {
      for (const part of this.#parts.open(partition)) {
        if (!part.isEnded) await this.#flushPart(part);
      }
    }
  }

  async #flushPart(part: Part): Promise<void> {
    const { runs, rejected } = part.reader.take();
    if (runs.length === 0 && rejected.length === 0) return;
    const file = { ...part, skewUs: SKEW_SECONDS * 1e6 };
    for (const batch of rescannedBatches(this.#options.scanner, file, { runs, rejected })) {
      this.#batches.add(batch);
      await this.#append({ kind: 'batch', batch });
    }
  }

  async #append(record: Parameters<EventLog['append']>[0]): Promise<void> {
    if (this.#pipeline === undefined || this.#isOver) throw OVER;
    await this.#pipeline.log.append(record);
  }

  /** Where each partition would have to be read from, if this session ended now. */
  async #commit(): Promise<void> {
    const changed: CommittedPartition[] = [];
    for (const at of this.#partitions.values()) {
      const [first] = this.#parts.open(at.partition);
      const safe = first?.began ?? { ...at.state, partition: at.partition, offset: at.position };
      if (safe.offset === at.committed) continue;
      at.committed = safe.offset;
      changed.push(safe);
    }
    if (changed.length > 0 && !this.#isOver) await this.#options.commit(changed);
  }

  #free(batch: EventBatch): void {
    this.#batches.delete(batch);
    freeBatch(this.#options.kernel, batch);
  }
}
