/** The settings of a client of test brokers, which have no TLS and no passwords. */
import type { KafkaPlace } from '#shared/kafka/kafka-client';

export function placeOf(addresses: readonly string[]): KafkaPlace {
  return {
    broker: addresses,
    kafkaTls: false,
    kafkaCaFile: undefined,
    kafkaCertFile: undefined,
    kafkaKeyFile: undefined,
    kafkaSasl: undefined,
    kafkaUser: undefined,
    kafkaPassword: undefined,
  };
}
