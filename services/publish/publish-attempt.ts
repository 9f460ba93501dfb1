/**
 * Publishes one attempt at a log file to the event log over Kafka: its lines, partition by partition in the
 * order of the log file, and at the end a marker in each partition that says how many there were.
 *
 *   partition 0   lines lines ……… file-ended(1204)
 *   partition 1   lines ………………… file-ended(377)
 *
 * One request is waited for before the next is made. So what a partition has of an attempt is the beginning of
 * it without a gap, wherever the attempt broke off; and as every attempt at the same log file publishes the
 * same, a sink takes from each what it has not seen.
 */
import kafkajs from 'kafkajs';
import type { EventBatch } from '#shared/eventlog/event-batch';
import { type EncodedRecord, type EncodeOptions, encodeLines } from '#shared/kafka/encode-lines';
import type { PlacedMessage, RecordSender } from '#shared/kafka/record-sender';

export interface AttemptOptions extends EncodeOptions {
  readonly sender: RecordSender;
  readonly topic: string;
  readonly partitions: number;
  /** The largest batch of records that the topic takes. */
  readonly batchBytesMax: number;
  readonly isCompressed: boolean;
}

/** What a record takes beside key, value and headers, and a batch beside its records. */
const RECORD_OVERHEAD_BYTES = 128;
/** Room in a batch for the headers of a record of the largest value. */
const HEADERS_BYTES_MAX = 64 << 10;

/** The largest value that fits into a batch of this size. */
export function valueBytesMax(batchBytesMax: number): number {
  return batchBytesMax - HEADERS_BYTES_MAX;
}

export class PublishAttempt {
  /** Per partition: the events and rejected lines published to it. */
  readonly published: number[];
  readonly #options: AttemptOptions;
  #messages: PlacedMessage[] = [];
  /** Per partition: the bytes that wait. */
  #waiting: number[];

  constructor(options: AttemptOptions) {
    this.#options = options;
    this.published = new Array<number>(options.partitions).fill(0);
    this.#waiting = new Array<number>(options.partitions).fill(0);
  }

  /** Resolves when all of the batch is acknowledged; its memory may be used again then. */
  async take(batch: EventBatch): Promise<void> {
    for (const record of encodeLines(batch, this.#options)) {
      const bytes = sizeOf(record);
      const waiting = this.#waiting[record.partition] as number; // one for each partition, below too
      if (waiting + bytes > this.#options.batchBytesMax) await this.#send();
      this.#messages.push(record);
      this.#waiting[record.partition] = (this.#waiting[record.partition] as number) + bytes;
      this.published[record.partition] =
        (this.published[record.partition] as number) + record.lines;
    }
    await this.#send();
  }

  /** Ends the attempt in every partition; a log file that could not be read to its end has failed. */
  async end(outcome: 'read' | 'failed'): Promise<void> {
    const { run, fileId, identity, partitions } = this.#options;
    for (let partition = 0; partition < partitions; partition += 1) {
      this.#messages.push({
        partition,
        value: null,
        headers: {
          ...{ kind: 'file-ended', run: String(run), file: String(fileId) },
          ...{ organization: identity.organization, site: identity.site, server: identity.server },
          ...{ 'log-date': identity.logDate, outcome, count: String(this.published[partition]) },
        },
      });
    }
    await this.#send();
  }

  async #send(): Promise<void> {
    const messages = this.#messages;
    if (messages.length === 0) return;
    this.#messages = [];
    this.#waiting = this.#waiting.fill(0);
    const { isCompressed, sender, topic } = this.#options;
    const { GZIP, None } = kafkajs.CompressionTypes;
    await sender.send({ topic, messages, compression: isCompressed ? GZIP : None });
  }
}

function sizeOf({ key, value, headers }: EncodedRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + key.length + value.length;
  for (const [name, text] of Object.entries(headers)) bytes += name.length + text.length + 4;
  return bytes;
}
