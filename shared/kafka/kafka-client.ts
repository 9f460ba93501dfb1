/**
 * Opens the client of a Kafka cluster as the settings say: brokers, TLS, SASL. Everything that is set for
 * every use of Kafka is set here, and the library's own log becomes one function.
 */
import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import kafkajs, { type Kafka, type LogEntry, type SASLOptions } from 'kafkajs';
import { EdxstreamError } from '#shared/errors';

/** The settings of a command that talks to Kafka, as they are read. */
export interface KafkaPlace {
  readonly broker: readonly string[];
  readonly kafkaTls: boolean;
  readonly kafkaCaFile: string | undefined;
  readonly kafkaCertFile: string | undefined;
  readonly kafkaKeyFile: string | undefined;
  readonly kafkaSasl: 'plain' | 'scram-sha-256' | 'scram-sha-512' | undefined;
  readonly kafkaUser: string | undefined;
  readonly kafkaPassword: string | undefined;
}

export interface KafkaClientOptions {
  /** Stands in the broker's logs. */
  readonly clientId: string;
  readonly onLog?: (entry: LogEntry) => void;
}

export async function openKafka(place: KafkaPlace, options: KafkaClientOptions): Promise<Kafka> {
  const sasl = saslOf(place);
  const ssl = await tlsOf(place);
  return new kafkajs.Kafka({
    clientId: options.clientId,
    // A flag may name several as well, as a variable does.
    brokers: place.broker.flatMap((given) => given.split(',')).map((one) => one.trim()),
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    // A broker that is being replaced is away for a while; only what lasts longer is a fault.
    retry: { initialRetryTime: 100, maxRetryTime: 5_000, retries: 12 },
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => (entry) => options.onLog?.(entry),
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  });
}

async function tlsOf(place: KafkaPlace): Promise<ConnectionOptions | undefined> {
  const { kafkaTls, kafkaCaFile, kafkaCertFile, kafkaKeyFile } = place;
  if (!kafkaTls && kafkaCaFile === undefined && kafkaCertFile === undefined) return undefined;
  const [ca, cert, key] = await Promise.all([kafkaCaFile, kafkaCertFile, kafkaKeyFile].map(pem));
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

async function pem(name: string | undefined): Promise<string | undefined> {
  if (name === undefined) return undefined;
  return readFile(name, 'utf8').catch((cause: unknown) => {
    throw new EdxstreamError('SETTINGS', `${name} cannot be read: ${String(cause)}.`, { cause });
  });
}

function saslOf({ kafkaSasl, kafkaUser, kafkaPassword }: KafkaPlace): SASLOptions | undefined {
  if (kafkaSasl === undefined && kafkaUser === undefined && kafkaPassword === undefined) {
    return undefined;
  }
  if (kafkaUser === undefined || kafkaPassword === undefined) {
    throw new EdxstreamError(
      'SETTINGS',
      'SASL needs both a user (EDXSTREAM_KAFKA_USER) and a password (EDXSTREAM_KAFKA_PASSWORD).',
    );
  }
  const login = { username: kafkaUser, password: kafkaPassword };
  // The library has a type for each mechanism, so each stands for itself.
  switch (kafkaSasl ?? 'plain') {
    case 'plain':
      return { mechanism: 'plain', ...login };
    case 'scram-sha-256':
      return { mechanism: 'scram-sha-256', ...login };
    case 'scram-sha-512':
      return { mechanism: 'scram-sha-512', ...login };
  }
}
