/**
 * The loop of a sink: a member of the group that reads `{prefix}.events`, a session for each assignment of
 * partitions, and a new session after a fault of the warehouse.
 *
 * Reading never waits for a watermark, only for inserts; and while it waits it tells the group that it lives.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Batch, Consumer, Kafka } from 'kafkajs';
import { commitInTime, leaveGroup, runConsumer } from '#shared/kafka/run-consumer';
import type { Topics } from '#shared/kafka/topics';
import { untilKnown } from '#shared/kafka/until-known';
import { beatEveryMs, whileBeating } from '#shared/kafka/while-beating';
import type { Warehouse } from '#shared/warehouse/warehouse';
import { partitionsAhead } from './partitions-ahead.js';
import type { CommittedPartition, PartitionState } from './sink-parts.js';
import { SinkSession, type SinkSessionOptions } from './sink-session.js';

export interface RunSinkOptions
  extends Pick<
    SinkSessionOptions,
    | 'releaseBytes'
    | 'windowBytesMax'
    | 'queueBytesMax'
    | 'kernel'
    | 'scanner'
    | 'onInserted'
    | 'onWindow'
    | 'onDuplicates'
    | 'onDateComplete'
  > {
  readonly kafka: Kafka;
  readonly topics: Topics;
  readonly groupId: string;
  readonly sessionMs: number;
  readonly warehouse: Warehouse;
  /** Told which partitions are this sink's. */
  readonly onAssigned: (partitions: readonly number[]) => void;
  /** Told of each sign of life that Kafka has answered. */
  readonly onBeat: () => void;
  readonly onLag: (partition: number, records: number) => void;
  /** Told when a session is open, and when there is none. */
  readonly onSession: (isOpen: boolean) => void;
  /** Told of each fault that is followed by another session. */
  readonly onRetry: (error: unknown) => void;
  readonly signal: AbortSignal;
}

const NOTHING_COMMITTED: PartitionState = { run: 0, isEnded: false, dateCompleteUs: null };
/** Enough for batches of a size that merges well, from several log files at once. */
const FETCH_BYTES_A_PARTITION = 8 << 20;
const FETCH_BYTES = 16 << 20;
const RETRY_MS = 1000;

/** Runs until the signal is aborted; rejects where Kafka fails for good. */
export async function runSink(options: RunSinkOptions): Promise<void> {
  const { kafka, topics, groupId, sessionMs, signal } = options;
  const admin = kafka.admin();
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: sessionMs,
    rebalanceTimeout: 2 * sessionMs,
    heartbeatInterval: beatEveryMs(sessionMs),
    maxBytesPerPartition: FETCH_BYTES_A_PARTITION,
    maxBytes: FETCH_BYTES,
    maxWaitTimeInMs: 500,
    retry: { restartOnFailure: async () => true },
  });
  const sink = new Sink(options, admin, consumer);
  await admin.connect();
  try {
    consumer.on(consumer.events.HEARTBEAT, options.onBeat);
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      sink.assigned(payload.memberAssignment[topics.events] ?? []);
    });
    await consumer.connect();
    await untilKnown(() => consumer.subscribe({ topics: [topics.events], fromBeginning: true }));
    await runConsumer(consumer, {
      stop: signal,
      autoCommit: false,
      partitionsConsumedConcurrently: 1,
      eachBatch: async ({ batch, heartbeat }) => {
        const lag = Number(batch.offsetLag());
        options.onLag(batch.partition, lag);
        await whileBeating(sink.take(batch, lag), { heartbeat, everyMs: beatEveryMs(sessionMs) });
      },
    });
  } finally {
    await sink.close();
    await leaveGroup(consumer);
    await admin.disconnect();
  }
}

class Sink {
  readonly #options: RunSinkOptions;
  readonly #admin: Admin;
  readonly #consumer: Consumer;
  /** Opens after the one before it is closed. */
  #session: Promise<SinkSession | undefined> = Promise.resolve(undefined);
  #partitions: readonly number[] = [];
  /** Those in which more was waiting when they were last read. */
  readonly #waiting = new Set<number>();
  /** Counts assignments and faults, so that what is late does not open a session that nobody wants. */
  #generation = 0;
  #isClosing = false;

  constructor(options: RunSinkOptions, admin: Admin, consumer: Consumer) {
    this.#options = options;
    this.#admin = admin;
    this.#consumer = consumer;
  }

  assigned(partitions: readonly number[]): void {
    this.#partitions = partitions;
    this.#options.onAssigned(partitions);
    this.#replaceSession();
  }

  /** Takes records of a partition in which `lag` more are waiting. */
  async take(batch: Batch, lag: number): Promise<void> {
    const { partition, messages } = batch;
    const session = await this.#session;
    const position = session?.position(partition);
    if (session === undefined || position === undefined) return;
    const first = BigInt(batch.firstOffset() ?? '0');
    const next = first > position ? await this.#firstKept(partition, position) : position;
    if (first > next) {
      // Fetched for an earlier session: this one reads from where it was committed.
      this.#seek(partition, next);
      return;
    }
    // A session that failed has said so itself, and the next one begins where it was committed.
    await session.take(partition, messages).catch(() => undefined);
    if ((await this.#session) === session) this.#keepInStep(session, partition, lag);
  }

  /** The first offset from there on that brokers have not deleted: counts in end markers tell what was missed. */
  async #firstKept(partition: number, offset: bigint): Promise<bigint> {
    const asked = this.#admin.fetchTopicOffsets(this.#options.topics.events);
    const kept = await asked.catch((error: unknown) => {
      this.#options.onRetry(error); // the records are read again, and it is asked again
      return [];
    });
    const low = BigInt(kept.find((one) => one.partition === partition)?.low ?? '0');
    return low > offset ? low : offset;
  }

  /** Leaves those partitions alone that are ahead. */
  #keepInStep(session: SinkSession, partition: number, lag: number): void {
    if (lag > 0) this.#waiting.add(partition);
    else this.#waiting.delete(partition);
    const topic = this.#options.topics.events;
    const ahead = partitionsAhead(session.dates(), this.#waiting);
    const others = this.#partitions.filter((one) => !ahead.includes(one));
    this.#consumer.pause([{ topic, partitions: ahead }]);
    this.#consumer.resume([{ topic, partitions: others }]);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    const session = await this.#session;
    await session?.close();
  }

  #replaceSession(): void {
    this.#generation += 1;
    const generation = this.#generation;
    const before = this.#session;
    this.#options.onSession(false);
    this.#session = before.then(async (session) => {
      await session?.close();
      return this.#openSession(generation);
    });
  }

  /** Tries until the warehouse and Kafka answer, or the session is not wanted any more. */
  async #openSession(generation: number): Promise<SinkSession | undefined> {
    const isWanted = (): boolean => generation === this.#generation && !this.#isClosing;
    while (isWanted()) {
      try {
        const committed = await this.#committed();
        const session = await SinkSession.open(committed, {
          ...this.#options,
          commit: (partitions) => this.#commit(partitions),
          onFailed: (error) => {
            this.#options.onRetry(error);
            if (generation === this.#generation && !this.#isClosing) this.#replaceSession();
          },
        });
        // It begins where it was committed, and does not know yet what waits where.
        this.#waiting.clear();
        this.#consumer.resume([{ topic: this.#options.topics.events }]);
        for (const { partition, offset } of committed) this.#seek(partition, offset);
        this.#options.onSession(true);
        return session;
      } catch (error) {
        this.#options.onRetry(error);
        await sleep(RETRY_MS);
      }
    }
    return undefined;
  }

  async #committed(): Promise<CommittedPartition[]> {
    const { topics, groupId } = this.#options;
    const [found] = await this.#admin.fetchOffsets({ groupId, topics: [topics.events] });
    const kept = await this.#admin.fetchTopicOffsets(topics.events);
    return this.#partitions.map((partition) => {
      const at = found?.partitions.find((one) => one.partition === partition);
      const low = BigInt(kept.find((one) => one.partition === partition)?.low ?? '0');
      const offset = BigInt(at?.offset ?? '-1');
      // What is older is gone by retention; counts in end markers tell what was missed.
      return { partition, offset: offset < low ? low : offset, ...stateOf(at?.metadata) };
    });
  }

  async #commit(partitions: readonly CommittedPartition[]): Promise<void> {
    const topic = this.#options.topics.events;
    const offsets = partitions.map(({ partition, offset, ...state }) => ({
      topic,
      partition,
      offset: String(offset),
      metadata: JSON.stringify(state),
    }));
    await commitInTime(this.#consumer.commitOffsets(offsets), this.#options.onRetry);
  }

  #seek(partition: number, offset: bigint): void {
    this.#consumer.seek({ topic: this.#options.topics.events, partition, offset: String(offset) });
  }
}

function stateOf(metadata: string | null | undefined): PartitionState {
  if (!metadata) return NOTHING_COMMITTED;
  // Written by #commit; a group is only ever committed by sinks.
  return { ...NOTHING_COMMITTED, ...(JSON.parse(metadata) as Partial<PartitionState>) };
}
