/**
 * A producer of which is known whether every partition has what was sent: a call of the library that resolves
 * does not tell (kafkajs 2.2.4, see shared/kafka/record-sender.ts). Where records go is left to the library, which
 * places them by their keys; so it is watched while it does.
 */
import {
  type ICustomPartitioner,
  type Kafka,
  Partitioners,
  type Producer,
  type RecordMetadata,
} from 'kafkajs';

export interface WatchedProducer {
  readonly producer: Producer;
  /**
   * Resolves where every partition to which `send` has placed records says that it has them. One call at a
   * time; after a rejection only another producer may go on.
   */
  acknowledged(send: (producer: Producer) => Promise<readonly RecordMetadata[]>): Promise<void>;
}

/** @param transactionalId undefined: its records are in no transaction. */
export function watchedProducer(
  kafka: Kafka,
  transactionalId: string | undefined,
): WatchedProducer {
  const placed = new Set<string>();
  const createPartitioner: ICustomPartitioner = () => {
    const place = Partitioners.DefaultPartitioner();
    return (record) => {
      const partition = place(record);
      placed.add(`${record.topic}/${partition}`);
      return partition;
    };
  };
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner,
    // What takes longer is told to the person and tried again by the caller.
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 5 },
    ...(transactionalId === undefined ? {} : { transactionalId }),
  });
  return {
    producer,
    async acknowledged(send) {
      placed.clear();
      for (const { topicName, partition } of await send(producer)) {
        placed.delete(`${topicName}/${partition}`);
      }
      if (placed.size > 0) throw new Error(`${[...placed].join(', ')} did not acknowledge`);
    },
  };
}
