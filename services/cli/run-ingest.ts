/**
 * The loop of an ingest: a member of the group that shares the log files, reading several at once.
 *
 *   {prefix}.log-files ─► decrypt pool ─► {prefix}.events ─► answer ─► commit
 *
 * A log file is committed after its answer is written. So one whose ingest died is read again, by whoever
 * gets the partition; what both published counts once, see publish-attempt.ts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EachBatchPayload, Kafka } from 'kafkajs';
import { type EventBatch, freeBatch } from '#shared/eventlog/event-batch';
import type { LogFileAnswer } from '#shared/eventlog/log-file-answer';
import { partitionsOf } from '#shared/kafka/encode-lines';
import { type Answered, answerToJson, type HandedOut } from '#shared/kafka/messages';
import { RecordSender } from '#shared/kafka/record-sender';
import { commitInTime, leaveGroup, runConsumer } from '#shared/kafka/run-consumer';
import type { Topics } from '#shared/kafka/topics';
import { untilKnown } from '#shared/kafka/until-known';
import { beatEveryMs, whileBeating } from '#shared/kafka/while-beating';
import type { Kernel } from '#shared/kernel/kernel';
import type { DecryptPool } from '../decrypt/decrypt-pool.js';
import type { LogFileTask } from '../decrypt/log-file-task.js';
import { PublishAttempt, valueBytesMax } from '../publish/publish-attempt.js';

export interface RunIngestOptions {
  readonly kafka: Kafka;
  readonly topics: Topics;
  readonly groupId: string;
  readonly sessionMs: number;
  /** Stands in answers, for people. */
  readonly name: string;
  readonly pool: DecryptPool;
  /** Whose memory the batches of the pool come in. */
  readonly kernel: Kernel;
  readonly linesPerRecord: number;
  readonly isCompressed: boolean;
  readonly onAssigned: (partitions: readonly number[]) => void;
  /** Told of each sign of life that Kafka has answered. */
  readonly onBeat: () => void;
  readonly onAnswer: (task: HandedOut<LogFileTask>, answer: LogFileAnswer, ms: number) => void;
  /** Told of each log file that was dropped, because another ingest has it now. */
  readonly onTakenOver: () => void;
  readonly onRetry: (error: unknown) => void;
  /** Take no further log file, finish those that were begun, and end. */
  readonly stop: AbortSignal;
  /** Drop what was begun. */
  readonly abandon: AbortSignal;
}

interface Attempt {
  readonly partition: number;
  readonly dropping: AbortController;
  readonly done: Promise<void>;
}

const RETRY_MS = 1000;

export async function runIngest(options: RunIngestOptions): Promise<void> {
  const { kafka, topics, groupId, sessionMs, stop } = options;
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: sessionMs,
    rebalanceTimeout: 2 * sessionMs,
    heartbeatInterval: beatEveryMs(sessionMs),
    maxWaitTimeInMs: 500,
    retry: { restartOnFailure: async () => true },
  });
  const ingest = new Ingest(options);
  try {
    consumer.on(consumer.events.HEARTBEAT, options.onBeat);
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const partitions = payload.memberAssignment[topics.logFiles] ?? [];
      options.onAssigned(partitions);
      ingest.assigned(partitions);
    });
    await consumer.connect();
    await untilKnown(() => consumer.subscribe({ topics: [topics.logFiles], fromBeginning: true }));
    await runConsumer(consumer, {
      stop,
      autoCommit: false,
      partitionsConsumedConcurrently: options.pool.workers,
      eachBatch: (payload) => ingest.takeLogFiles(payload),
    });
    await ingest.finish();
  } finally {
    await leaveGroup(consumer);
    await ingest.close();
  }
}

class Ingest {
  readonly #options: RunIngestOptions;
  /** Those that no attempt has now. */
  readonly #senders: RecordSender[] = [];
  readonly #partitionOf: (key: Buffer) => number;
  /** By log file: what is being read now. */
  readonly #attempts = new Map<string, Attempt>();
  readonly #taking = new Set<Promise<void>>();
  /** The latest run that was seen: what an earlier one handed out is given up. */
  #run = 0;

  constructor(options: RunIngestOptions) {
    this.#options = options;
    this.#partitionOf = partitionsOf(options.topics.partitions);
  }

  /** Whoever has the other partitions now reads their log files. */
  assigned(partitions: readonly number[]): void {
    for (const { partition, dropping } of this.#attempts.values()) {
      if (partitions.includes(partition)) continue;
      dropping.abort(new Error('The log file was taken over.'));
      this.#options.onTakenOver();
    }
  }

  async takeLogFiles(payload: EachBatchPayload): Promise<void> {
    const taking = this.#takeLogFiles(payload);
    this.#taking.add(taking);
    try {
      await taking;
    } finally {
      this.#taking.delete(taking);
    }
  }

  /** Waits for what was begun. */
  async finish(): Promise<void> {
    await Promise.allSettled(this.#taking);
  }

  /** Drops what is still being read for partitions that may be somebody else's by now. */
  async close(): Promise<void> {
    const attempts = [...this.#attempts.values()];
    for (const { dropping } of attempts) dropping.abort(new Error('The ingest ends.'));
    await Promise.allSettled(attempts.map(({ done }) => done));
    await Promise.all(this.#senders.map((sender) => sender[Symbol.asyncDispose]()));
  }

  async #takeLogFiles(payload: EachBatchPayload): Promise<void> {
    const { batch, heartbeat, resolveOffset, isRunning, isStale } = payload;
    const { topic, partition } = batch;
    const tasks = batch.messages.map(({ offset, value }) => ({
      offset,
      // Written by `load --broker` of the same version: all processes of a cluster are upgraded together.
      task: JSON.parse(value?.toString() ?? '{}') as HandedOut<LogFileTask>,
    }));
    for (const { task } of tasks) this.#run = Math.max(this.#run, task.run);
    for (const { offset, task } of tasks) {
      if (!isRunning() || isStale() || this.#options.stop.aborted) return;
      if (task.run === this.#run) {
        const beating = { heartbeat, everyMs: beatEveryMs(this.#options.sessionMs) };
        await whileBeating(this.#attempt(task, partition), beating);
      }
      resolveOffset(offset);
      const next = String(BigInt(offset) + 1n);
      const offsets = { topics: [{ topic, partitions: [{ partition, offset: next }] }] };
      // As a member of the group as it is now, and once: repeated later it could go back behind what others commit.
      await commitInTime(payload.commitOffsetsIfNecessary(offsets), this.#options.onRetry);
      // Many small ones take long as well: whether the group has changed is asked between them.
      await heartbeat();
    }
  }

  /** One attempt at a log file at a time: after a rebalance the same one may be handed over again. */
  #attempt(task: HandedOut<LogFileTask>, partition: number): Promise<void> {
    const name = `${task.run}/${task.fileId}/${task.reading}`;
    const running = this.#attempts.get(name);
    if (running !== undefined) return running.done;
    const dropping = new AbortController();
    const signal = AbortSignal.any([dropping.signal, this.#options.abandon]);
    const done = this.#readUntilAnswered(task, signal).finally(() => this.#attempts.delete(name));
    done.catch(() => undefined);
    this.#attempts.set(name, { partition, dropping, done });
    return done;
  }

  async #readUntilAnswered(task: HandedOut<LogFileTask>, signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        await this.#withSender((sender) => this.#read(task, sender, signal));
        return;
      } catch (error) {
        signal.throwIfAborted();
        this.#options.onRetry(error);
        await sleep(RETRY_MS, undefined, { signal });
      }
    }
  }

  /** One for each attempt at a time, so that they do not wait for each other. */
  async #withSender(work: (sender: RecordSender) => Promise<void>): Promise<void> {
    const sender = this.#senders.pop() ?? (await RecordSender.open(this.#options.kafka));
    try {
      await work(sender);
    } finally {
      this.#senders.push(sender);
    }
  }

  async #read(
    handedOut: HandedOut<LogFileTask>,
    sender: RecordSender,
    signal: AbortSignal,
  ): Promise<void> {
    const { pool, kernel, topics, linesPerRecord, isCompressed, name } = this.#options;
    const { run, fileId, reading, identity, task } = handedOut;
    const beganMs = performance.now();
    const attempt = new PublishAttempt({
      ...{ run, fileId, identity, linesPerRecord, isCompressed },
      sender,
      topic: topics.events,
      partitions: topics.partitions,
      batchBytesMax: topics.batchBytesMax,
      valueBytesMax: valueBytesMax(topics.batchBytesMax),
      partitionOf: this.#partitionOf,
    });
    const take = async (batch: EventBatch): Promise<void> => {
      try {
        signal.throwIfAborted();
        await attempt.take(batch);
      } finally {
        freeBatch(kernel, batch);
      }
    };
    const answer = await pool.decrypt(task, take, signal);
    if (answer.kind === 'loaded') await attempt.end('read');
    if (answer.kind === 'failed') await attempt.end('failed');
    const answered = { run, fileId, reading, answer, published: attempt.published, ingest: name };
    await this.#answer(answered, sender);
    this.#options.onAnswer(handedOut, answer, Math.round(performance.now() - beganMs));
  }

  async #answer(answered: Answered, sender: RecordSender): Promise<void> {
    const { answers } = this.#options.topics;
    // The topic has one partition.
    const message = { partition: 0, key: String(answered.fileId), value: answerToJson(answered) };
    await sender.send({ topic: answers, messages: [message] });
  }
}
