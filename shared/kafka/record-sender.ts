/**
 * Sends records so that all of them are there, in order and once, when `send` has resolved, although the
 * broker that leads a partition goes away in the middle. The library alone does not promise that (kafkajs
 * 2.2.4, shown by test/faults/kafka-surroundings.kafka.test.ts):
 *
 *   its call resolves although records are missing: it asks a broker again only if that has not answered, and
 *   records whose partition has moved to one that has are left out    → each partition must be acknowledged
 *
 *   what follows a request that failed gets the same sequence number, and a broker that had written the
 *   failed one takes it for a repetition and drops it                 → the same records again before any
 *                                                                       others; else another producer
 */
import kafkajs, { type CompressionTypes, type Kafka, type Message, type Producer } from 'kafkajs';
import { EdxstreamError } from '#shared/errors';
import { untilKnown } from '#shared/kafka/until-known';

/** A record of which it is said where it goes. */
export interface PlacedMessage extends Message {
  readonly partition: number;
}

export interface RecordsToSend {
  readonly topic: string;
  readonly messages: readonly PlacedMessage[];
  /** None, if it is not given. */
  readonly compression?: CompressionTypes;
}

const ALL_REPLICAS = -1;
const NONE = kafkajs.CompressionTypes.None;
/** Leaders move once when a broker goes away; the library itself repeats what has failed. */
const ATTEMPTS_MAX = 10;

export class RecordSender implements AsyncDisposable {
  readonly #kafka: Kafka;
  #producer: Producer | undefined;
  /** One call after another: resolves when nothing is being sent, never rejects. */
  #sending: Promise<void> = Promise.resolve();

  private constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  /** Connects; rejects with an error of the library where no broker answers. */
  static async open(kafka: Kafka): Promise<RecordSender> {
    const sender = new RecordSender(kafka);
    await sender.#connected();
    return sender;
  }

  /**
   * Resolves when all replicas in sync have the records. After a rejection some may be there and some not, in
   * each partition the first ones without a gap only if none is sent but by beginning anew.
   */
  send(records: RecordsToSend): Promise<void> {
    const sent = this.#sending.then(() => this.#sendAll(records));
    this.#sending = sent.catch(() => undefined);
    return sent;
  }

  async #sendAll({ topic, messages, compression = NONE }: RecordsToSend): Promise<void> {
    const producer = await this.#connected();
    try {
      let missing = messages;
      for (let attempt = 0; missing.length > 0; attempt += 1) {
        if (attempt === ATTEMPTS_MAX) throw notAcknowledged(topic, missing);
        const topicMessages = [{ topic, messages: [...missing] }];
        const acknowledged = await untilKnown(() =>
          producer.sendBatch({ acks: ALL_REPLICAS, compression, topicMessages }),
        );
        const there = new Set(acknowledged.map(({ partition }) => partition));
        missing = missing.filter(({ partition }) => !there.has(partition));
      }
    } catch (error) {
      this.#producer = undefined;
      await producer.disconnect().catch(() => undefined);
      throw error;
    }
  }

  async #connected(): Promise<Producer> {
    if (this.#producer !== undefined) return this.#producer;
    const producer = this.#kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    try {
      await producer.connect();
    } catch (error) {
      await producer.disconnect().catch(() => undefined);
      throw error;
    }
    this.#producer = producer;
    return producer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sending;
    await this.#producer?.disconnect();
    this.#producer = undefined;
  }
}

function notAcknowledged(topic: string, missing: readonly PlacedMessage[]): EdxstreamError {
  const partitions = [...new Set(missing.map(({ partition }) => partition))];
  return new EdxstreamError(
    'KAFKA_UNREACHABLE',
    `Kafka: partitions ${partitions.join(', ')} of ${topic} acknowledge nothing.`,
  );
}
