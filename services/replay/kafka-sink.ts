/**
 * A sink of a replay: one event a record, keyed by its course, its time in a header.
 *
 *   send ──► gathering ──► in flight ──► topic, and with a name the position, in one transaction
 *             (≤ 4 MiB)     (one group)
 *
 * While a group is in flight the next is gathered, so a slow round trip makes groups larger, not the replay
 * slower; a full one makes the replay wait. A broker that goes away is waited for, and that is said.
 *
 * With a name (`--resume`) every event is in the topic once, for consumers that read what is committed:
 * whatever became of a transaction whose answer was lost, the position that was written with it tells.
 * Without one, the records in flight when a connection is lost may come twice.
 *
 * What surprises: a call of the library that resolves does not mean that the records are there (see
 * shared/kafka/record-sender.ts), so each partition must have acknowledged, or the group is sent again by
 * another producer.
 */
import type { Kafka, Message } from 'kafkajs';
import { EdxstreamError } from '#shared/errors';
import { isLasting } from '#shared/kafka/kafka-errors';
import { asKafkaError } from './kafka-faults.js';
import {
  POSITIONS_TOPIC,
  positionRecord,
  type ReplayPosition,
  readPosition,
} from './kafka-positions.js';
import { isoTime, TimeRebaser } from './rebase-time.js';
import type { ReplayClock } from './replay-clock.js';
import type { EventPlace, ReplayedEvent } from './replayed-event.js';
import { type WatchedProducer, watchedProducer } from './watched-producer.js';

export interface KafkaSinkOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  /** The replay that is continued or begun under a name; undefined: it has none. */
  readonly resume: { readonly name: string; readonly of: string } | undefined;
  readonly isRebased: boolean;
  readonly clock: ReplayClock;
  /** Told of a broker that is away, and that it is back. */
  readonly say: (text: string) => void;
  /** Ends waiting for a broker. */
  readonly signal: AbortSignal;
}

/** Below the 1 MiB that a broker takes at once unless it is told otherwise. */
const REQUEST_BYTES = 768 << 10;
const GROUP_BYTES = 4 << 20;
const RECORD_BYTES_BESIDE_VALUE = 200;
const RETRY_MS = 1000;
const SAID_AFTER_MS = 2000;

interface Group {
  readonly messages: Message[];
  bytes: number;
  last: EventPlace | undefined;
}

export class KafkaSink {
  readonly #options: KafkaSinkOptions;
  readonly #rebaser = new TimeRebaser();
  #producer: WatchedProducer;
  /** Events that are in the topic, over all processes of a named replay. */
  #delivered: number;
  #gathering = emptyGroup();
  /** Resolves when nothing is in flight; never rejects. */
  #inFlight: Promise<void> | undefined;
  #fault: unknown;
  #makeRoom = (): void => undefined;

  private constructor(options: KafkaSinkOptions, producer: WatchedProducer, delivered: number) {
    this.#options = options;
    this.#producer = producer;
    this.#delivered = delivered;
  }

  /** Connects; with a name it also says where the replay of this name is. */
  static async open(
    options: KafkaSinkOptions,
  ): Promise<{ readonly sink: KafkaSink; readonly position: ReplayPosition | undefined }> {
    const { kafka, resume, topic } = options;
    const producer = producerOf(options);
    try {
      await producer.producer.connect();
      const position =
        resume === undefined
          ? undefined
          : await readPosition(kafka, producer.producer, resume.name);
      if (position !== undefined && position.of !== resume?.of) {
        throw new EdxstreamError(
          'SETTINGS',
          `--resume ${resume?.name}: under this name ${position.of} was replayed, and not ${resume?.of}. Take the same settings or another name.`,
        );
      }
      return { sink: new KafkaSink(options, producer, position?.events ?? 0), position };
    } catch (error) {
      await producer.producer.disconnect();
      throw asKafkaError(error, `beginning to write to ${topic}`);
    }
  }

  /** Resolves when there is room for more, not when these have arrived. */
  async send(batch: readonly ReplayedEvent[]): Promise<'sent'> {
    const nowUs = this.#options.clock.dateUs();
    for (const event of batch) {
      if (this.#gathering.bytes >= GROUP_BYTES) await this.#roomForMore();
      this.#throwFault();
      const message = this.#messageOf(event, nowUs);
      this.#gathering.messages.push(message);
      this.#gathering.bytes += sizeOf(message);
      this.#gathering.last = event;
    }
    this.#inFlight ??= this.#pump();
    return 'sent';
  }

  /** Waits until everything has arrived. */
  async flush(): Promise<void> {
    await this.#inFlight;
    this.#throwFault();
  }

  /** Events that are in the topic, of all processes of a named replay. */
  get delivered(): number {
    return this.#delivered;
  }

  async close(): Promise<void> {
    await this.#inFlight;
    await this.#producer.producer.disconnect();
  }

  /** Until the group that is gathered goes into flight. */
  #roomForMore(): Promise<void> {
    this.#inFlight ??= this.#pump();
    return new Promise((resume) => {
      if (this.#gathering.bytes < GROUP_BYTES || this.#fault !== undefined) resume();
      else this.#makeRoom = resume;
    });
  }

  #throwFault(): void {
    if (this.#fault !== undefined) throw this.#fault;
  }

  async #pump(): Promise<void> {
    try {
      while (this.#gathering.messages.length > 0) {
        const group = this.#gathering;
        this.#gathering = emptyGroup();
        this.#makeRoom();
        await this.#deliver(group);
      }
    } catch (error) {
      this.#fault = error;
      this.#makeRoom();
    }
    this.#inFlight = undefined;
  }

  async #deliver(group: Group): Promise<void> {
    let isSaid = false;
    const sayAway = (why: string): void => {
      if (!isSaid) this.#options.say(`Kafka does not answer${why}; waiting for it.\n`);
      isSaid = true;
    };
    const slow = setTimeout(() => sayAway(''), SAID_AFTER_MS);
    try {
      for (let isDone = false; !isDone; ) {
        try {
          await this.#transmit(group);
          isDone = true;
        } catch (error) {
          if (isLasting(error)) throw asKafkaError(error, describe(group, this.#options.topic));
          sayAway(` (${error instanceof Error ? error.message : String(error)})`);
          isDone = await this.#recover(group);
        }
      }
      this.#delivered += group.messages.length;
      if (isSaid) this.#options.say('Kafka answers again.\n');
    } finally {
      clearTimeout(slow);
    }
  }

  async #transmit(group: Group): Promise<void> {
    const { topic, resume } = this.#options;
    const requests = requestsOf(group.messages);
    if (resume === undefined) {
      for (const messages of requests) {
        await this.#producer.acknowledged((producer) => producer.send({ topic, messages }));
      }
      return;
    }
    const position = positionRecord(resume.name, {
      of: resume.of,
      events: this.#delivered + group.messages.length,
      last: placeOf(group.last),
    });
    const transaction = await this.#producer.producer.transaction();
    for (const [index, messages] of requests.entries()) {
      const isLast = index === requests.length - 1;
      const positions = { topic: POSITIONS_TOPIC, messages: [position] };
      const topicMessages = [{ topic, messages }, ...(isLast ? [positions] : [])];
      await this.#producer.acknowledged(() => transaction.sendBatch({ topicMessages }));
    }
    await transaction.commit();
  }

  /** Waits until the broker is back, and says whether the group had arrived after all. */
  async #recover(group: Group): Promise<boolean> {
    const { clock, signal, kafka, resume } = this.#options;
    for (;;) {
      await clock.wait(RETRY_MS, signal);
      if (signal.aborted) {
        throw new EdxstreamError(
          'KAFKA_UNREACHABLE',
          `${group.messages.length + this.#gathering.messages.length} events had not arrived when the replay was stopped.`,
        );
      }
      try {
        // Not the same one: it gives what comes next the numbers of what failed, which a broker may have.
        await this.#producer.producer.disconnect();
        this.#producer = producerOf(this.#options);
        await this.#producer.producer.connect();
        if (resume === undefined) return false;
        const position = await readPosition(kafka, this.#producer.producer, resume.name);
        return this.#hasArrived(group, position?.events ?? 0, resume.name);
      } catch (error) {
        if (isLasting(error)) throw asKafkaError(error, 'going on after a broker was away');
      }
    }
  }

  #hasArrived(group: Group, events: number, name: string): boolean {
    if (events === this.#delivered) return false;
    if (events === this.#delivered + group.messages.length) return true;
    throw new EdxstreamError(
      'REPLAY_TAKEN_OVER',
      `Another process goes on with the replay ${name}: ${events} events are sent, of which this one knows ${this.#delivered}.`,
    );
  }

  #messageOf(event: ReplayedEvent, nowUs: number): Message {
    const { courseId, timeUs, site, organization, server, logDay, line, raw, jsonAt } = event;
    const logDate = new Date(logDay * 86_400_000).toISOString().slice(0, 10);
    return {
      key: courseId,
      value: this.#options.isRebased ? this.#rebaser.rebase(raw, jsonAt, nowUs) : raw,
      headers: {
        'event-time': isoTime(timeUs),
        origin: `${organization}/${site}/${server}/${logDate}:${line}`,
      },
    };
  }
}

function producerOf({ kafka, resume }: KafkaSinkOptions): WatchedProducer {
  const transactionalId = resume === undefined ? undefined : `edxstream-replay-${resume.name}`;
  return watchedProducer(kafka, transactionalId);
}

function emptyGroup(): Group {
  return { messages: [], bytes: 0, last: undefined };
}

/** Messages in their order, in lists that a broker takes at once; one that is larger stands alone. */
function requestsOf(messages: readonly Message[]): Message[][] {
  const requests: Message[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const size = sizeOf(message);
    if (bytes + size > REQUEST_BYTES) {
      requests.push([]);
      bytes = 0;
    }
    requests.at(-1)?.push(message);
    bytes += size;
  }
  return requests;
}

function sizeOf({ value }: Message): number {
  return (value?.length ?? 0) + RECORD_BYTES_BESIDE_VALUE;
}

function placeOf(event: EventPlace | undefined): EventPlace {
  if (event === undefined) throw new Error('A group of events is never empty.');
  const { timeUs, site, organization, server, logDay, line } = event;
  return { timeUs, site, organization, server, logDay, line };
}

/** Names the largest event, as size is what a broker refuses most often. */
function describe({ messages }: Group, topic: string): string {
  const largest = messages.reduce((a, b) => (sizeOf(b) > sizeOf(a) ? b : a));
  return `${messages.length} events to ${topic}, the largest ${largest.value?.length ?? 0} bytes, ${String(largest.headers?.['origin'])}`;
}
