/**
 * Opens the client of a Kafka cluster as the settings say: brokers, TLS, SASL. Everything that is set for
 * every use of Kafka is set here, and the library's own log becomes one function.
 */
import { readFile } from 'node:fs/promises';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import kafkajs, { type Kafka, type KafkaConfig, type LogEntry, type SASLOptions } from 'kafkajs';
import { EdxstreamError } from '#shared/errors';
import { firstContact } from '#shared/kafka/first-contact';
import { encoderOfKafkajs, keepByReference } from '#shared/kafka/lean-encoder';
import { recordBatchesOfKafkajs, spareChecksums } from '#shared/kafka/lean-record-batch';

let isLean = false;

/** Once for a process, before anything is sent. */
function makeLean(): void {
  if (isLean) return;
  isLean = true;
  keepByReference(encoderOfKafkajs());
  spareChecksums(recordBatchesOfKafkajs());
}

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

/**
 * Resolves also while no broker answers.
 * @throws EdxstreamError SETTINGS, KAFKA_LOGIN_REFUSED or KAFKA_CERTIFICATE.
 */
export async function openKafka(place: KafkaPlace, options: KafkaClientOptions): Promise<Kafka> {
  makeLean();
  const sasl = saslOf(place);
  const ssl = await tlsOf(place);
  // A flag may name several as well, as a variable does.
  const brokers = place.broker.flatMap((given) => given.split(',')).map((one) => one.trim());
  const common: Omit<KafkaConfig, 'brokers'> = {
    clientId: options.clientId,
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => (entry) => options.onLog?.(entry),
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  };
  await firstContact(
    brokers,
    (broker) => new kafkajs.Kafka({ ...common, brokers: [broker], retry: { retries: 0 } }),
  );
  return new kafkajs.Kafka({
    ...common,
    brokers,
    // A broker that is being replaced is away for a while; only what lasts longer is a fault.
    retry: { initialRetryTime: 100, maxRetryTime: 5_000, retries: 12 },
  });
}

async function tlsOf(place: KafkaPlace): Promise<ConnectionOptions | undefined> {
  const { kafkaTls, kafkaCaFile, kafkaCertFile, kafkaKeyFile } = place;
  if (!kafkaTls && kafkaCaFile === undefined && kafkaCertFile === undefined) return undefined;
  if ((kafkaCertFile === undefined) !== (kafkaKeyFile === undefined)) {
    throw new EdxstreamError(
      'SETTINGS',
      'A certificate needs its key: give both EDXSTREAM_KAFKA_CERT_FILE and EDXSTREAM_KAFKA_KEY_FILE.',
    );
  }
  const files = [kafkaCaFile, kafkaCertFile, kafkaKeyFile];
  const [ca, cert, key] = await Promise.all(files.map(pem));
  const given = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  try {
    createSecureContext(given);
  } catch (cause) {
    const names = files.filter((name) => name !== undefined).join(', ');
    throw new EdxstreamError(
      'SETTINGS',
      `These are no certificates and key in PEM that belong together: ${names} (${String(cause)}).`,
      { cause },
    );
  }
  return given;
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
