/**
 * The parts that a session of a sink has begun and not loaded yet. A part is what one log file has in one partition: a
 * session reads it from its first record to the marker that ends it, or not at all.
 */
import type { KafkaMessage } from 'kafkajs';
import { headerNumber, headerText, type LogFileIdentity } from '#shared/kafka/line-headers';
import { PartReader } from '#shared/kafka/part-reader';
import type { LogFilePart } from '#shared/warehouse/log-file-parts';

/** Where a partition stands, as it is committed with an offset. */
export interface PartitionState {
  readonly run: number;
  /** The run has come to its end in this partition. */
  readonly isEnded: boolean;
  /** Start of the latest log date that is complete; null where none is. */
  readonly dateCompleteUs: number | null;
}

export interface CommittedPartition extends PartitionState {
  readonly partition: number;
  /** The next record to read. */
  readonly offset: bigint;
}

export interface Part {
  /** Its number in the merge. */
  readonly file: number;
  readonly fileId: number;
  readonly partition: number;
  /** The number that rows of this session carry in this partition. */
  readonly sink: number;
  readonly identity: LogFileIdentity;
  readonly logDateStartUs: number;
  readonly reader: PartReader;
  /** Where to begin again for it, and how the partition stood there. */
  readonly began: CommittedPartition;
  isEnded: boolean;
  /** What is missing, where the count of the end marker is not what came. */
  missing: string;
}

export class SinkParts {
  /** By their number in the merge. */
  readonly #parts = new Map<number, Part>();
  /** By partition and then by file_id, in the order in which they began. */
  readonly #open = new Map<number, Map<number, Part>>();
  #begun = 0;
  #ranks: ReadonlyMap<number, number> | undefined;
  /** Parts that need no reading any more: `file_id/partition`. */
  #loaded = new Set<string>();

  /** Forgets all; `loaded` are the parts of the run that sessions before this one have loaded. */
  beginRun(loaded: readonly LogFilePart[]): void {
    this.#parts.clear();
    this.#open.clear();
    this.#ranks = undefined;
    this.#loaded = new Set(loaded.map((part) => keyOf(part.file_id, part.partition)));
  }

  /** The part of this number, which must not be loaded yet. */
  at(file: number): Part {
    return this.#parts.get(file) as Part; // stages pass on our own numbers
  }

  /** In which order parts come whose events have the same time: that of site, organization, server, date. */
  rankOf(file: number): number {
    this.#ranks ??= ranksOf([...this.#parts.values()]);
    return this.#ranks.get(file) as number; // one for each part
  }

  /** Those of a partition, in the order in which they began. */
  open(partition: number): Iterable<Part> {
    return this.#open.get(partition)?.values() ?? [];
  }

  isOpen(fileId: number, partition: number): boolean {
    return this.#open.get(partition)?.has(fileId) ?? false;
  }

  /** The part that a record belongs to, begun by it if it is the first one; undefined where it is loaded already. */
  of(
    message: KafkaMessage,
    { partition, sink, state }: Pick<Part, 'partition' | 'sink'> & { state: PartitionState },
  ): Part | undefined {
    const { headers, offset } = message;
    const fileId = headerNumber(headers, 'file');
    const ofPartition = this.#open.get(partition) ?? new Map<number, Part>();
    const known = ofPartition.get(fileId);
    if (known !== undefined) return known;
    if (this.#loaded.has(keyOf(fileId, partition))) return undefined;
    const logDate = headerText(headers, 'log-date');
    const part: Part = {
      ...{ file: this.#begun, fileId, partition, sink },
      identity: {
        organization: headerText(headers, 'organization'),
        site: headerText(headers, 'site'),
        server: headerText(headers, 'server'),
        logDate,
      },
      logDateStartUs: Date.parse(`${logDate}T00:00:00Z`) * 1000,
      reader: new PartReader(),
      began: { ...state, partition, offset: BigInt(offset) },
      isEnded: false,
      missing: '',
    };
    this.#begun += 1;
    this.#parts.set(part.file, part);
    this.#open.set(partition, ofPartition.set(fileId, part));
    this.#ranks = undefined;
    return part;
  }

  /** All rows of them are in. */
  markLoaded(parts: readonly Part[]): void {
    for (const { file, fileId, partition } of parts) {
      this.#parts.delete(file);
      this.#open.get(partition)?.delete(fileId);
      this.#loaded.add(keyOf(fileId, partition));
    }
  }
}

function keyOf(fileId: number, partition: number): string {
  return `${fileId}/${partition}`;
}

function ranksOf(parts: readonly Part[]): ReadonlyMap<number, number> {
  const named = parts.map(({ file, identity: { site, organization, server, logDate } }) => ({
    file,
    name: Buffer.from([site, organization, server, logDate].join('\u0000')),
  }));
  named.sort((a, b) => Buffer.compare(a.name, b.name));
  return new Map(named.map(({ file }, rank) => [file, rank]));
}
