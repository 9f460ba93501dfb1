/**
 * Kafka through TLS and with passwords: a broker of the real kind with certificates of an authority of the
 * test's own. What is refused ends at once and says why.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KafkaPlace, openKafka } from '#shared/kafka/kafka-client';
import { Certificates } from '../support/certificates.js';
import { checksums } from '../support/checksums.js';
import { KafkaBrokers } from '../support/kafka-broker.js';
import { KafkaDeployment } from '../support/kafka-deployment.js';
import { placeOf } from '../support/kafka-place.js';
import { type PackagesForKafka, packagesForKafka } from '../support/packages-for-kafka.js';

const TIMEOUT_MS = 240_000;
const USER = { kafkaUser: 'czar', kafkaPassword: 'a password of a test' };

let certificates: Certificates;
let brokers: KafkaBrokers;
let packages: PackagesForKafka;

beforeAll(async () => {
  certificates = await Certificates.make();
  const users = { [USER.kafkaUser]: USER.kafkaPassword };
  [brokers, packages] = await Promise.all([
    KafkaBrokers.start({ security: { certificates, users } }),
    packagesForKafka({ eventsPerDay: 60, withTables: false }),
  ]);
}, TIMEOUT_MS);

afterAll(async () => {
  await brokers?.[Symbol.asyncDispose]();
  await certificates?.[Symbol.asyncDispose]();
  await packages?.[Symbol.asyncDispose]();
});

/** The listener that asks for a password, with the authority that its certificate is of. */
function withLogin(kafkaSasl: KafkaPlace['kafkaSasl']): KafkaPlace {
  const { caFile: kafkaCaFile } = certificates;
  return { ...placeOf(brokers.secured.SASL_SSL), kafkaCaFile, kafkaSasl, ...USER };
}

/** The listener that asks for a certificate. */
function withCertificate(): KafkaPlace {
  const { caFile: kafkaCaFile, client } = certificates;
  return {
    ...{ ...placeOf(brokers.secured.SSL), kafkaCaFile },
    ...{ kafkaCertFile: client.certFile, kafkaKeyFile: client.keyFile },
  };
}

test.for([
  ['with SCRAM-SHA-512', () => withLogin('scram-sha-512')],
  ['with PLAIN', () => withLogin('plain')],
  ['with a certificate of its own', withCertificate],
] as const)('a client %s writes and reads through TLS', async ([name, place]) => {
  const topic = name.replaceAll(/[^A-Za-z]+/g, '-');
  const kafka = await openKafka(place(), { clientId: 'test' });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: [{ topic, numPartitions: 1, replicationFactor: 1 }],
  });
  await admin.disconnect();
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  await producer.send({ topic, acks: -1, messages: [{ value: 'through TLS' }] });
  await producer.disconnect();
  const read: string[] = [];
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void read.push(String(message.value)) });
  await expect.poll(() => read, { timeout: 20_000 }).toEqual(['through TLS']);
  await consumer.disconnect();
});

test.for([
  [
    'a wrong password',
    () => ({ ...withLogin('scram-sha-512'), kafkaPassword: 'guessed' }),
    'KAFKA_LOGIN_REFUSED',
  ],
  [
    'a mechanism that the broker does not take',
    () => withLogin('scram-sha-256'),
    'KAFKA_LOGIN_REFUSED',
  ],
  [
    'a certificate of an unknown authority',
    () => ({ ...withLogin('plain'), kafkaCaFile: undefined, kafkaTls: true }),
    'KAFKA_CERTIFICATE',
  ],
  [
    'a broker that wants a certificate',
    () => ({ ...withCertificate(), kafkaCertFile: undefined, kafkaKeyFile: undefined }),
    'KAFKA_CERTIFICATE',
  ],
] as const)('%s ends at once, and is named with the broker', async ([, place, code]) => {
  // Nothing is repeated: whoever repeats it needs longer than the limit of a test.
  const refused = await openKafka(place(), { clientId: 'test' }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code });
  expect(String(refused)).toContain(place().broker[0]);
  expect(String(refused)).not.toContain('guessed');
});

test('files that are no certificates, and a certificate without its key, are wrong settings', async () => {
  const garbled = path.join(packages.directory, 'garbled.pem');
  await writeFile(garbled, 'no certificate\n');
  const given = { ...withCertificate(), kafkaCertFile: garbled };
  await expect(openKafka(given, { clientId: 'test' })).rejects.toMatchObject({
    code: 'SETTINGS',
    message: expect.stringContaining(garbled),
  });
  const halved = { ...withCertificate(), kafkaKeyFile: undefined };
  await expect(openKafka(halved, { clientId: 'test' })).rejects.toMatchObject({ code: 'SETTINGS' });
});

test(
  'a load through TLS and SCRAM comes to the tables of a load in one process',
  async () => {
    const environment = {
      EDXSTREAM_KAFKA_CA_FILE: certificates.caFile,
      EDXSTREAM_KAFKA_SASL: 'scram-sha-512',
      EDXSTREAM_KAFKA_USER: USER.kafkaUser,
      EDXSTREAM_KAFKA_PASSWORD: USER.kafkaPassword,
    };
    await using deployment = await KafkaDeployment.start({
      ...{ kafka: brokers, addresses: brokers.secured.SASL_SSL, prefix: 'secured' },
      ...{ keys: packages.keys, environment },
    });
    deployment.ingest();
    deployment.sink();
    const { status, said } = await deployment.load(packages.weeks.flat()).ended;
    expect(status, said).toBe(1);
    expect(await checksums(deployment.place)).toEqual(packages.checksums);
    const all = [...deployment.ingests, ...deployment.sinks, ...deployment.loads];
    for (const running of all) expect(running.said()).not.toContain(USER.kafkaPassword);
  },
  TIMEOUT_MS,
);

test('ingest, sink and load with a wrong password end with what to do', async () => {
  const environment = {
    EDXSTREAM_KAFKA_CA_FILE: certificates.caFile,
    EDXSTREAM_KAFKA_SASL: 'scram-sha-512',
    EDXSTREAM_KAFKA_USER: USER.kafkaUser,
    EDXSTREAM_KAFKA_PASSWORD: 'guessed',
  };
  await using deployment = await KafkaDeployment.start({
    ...{ kafka: brokers, addresses: brokers.secured.SASL_SSL, prefix: 'refused' },
    ...{ keys: packages.keys, environment },
  });
  const all = [deployment.ingest(), deployment.sink(), deployment.load(packages.weeks.flat())];
  for (const { ended } of all) {
    const { status, said } = await ended;
    expect([status, said]).toEqual([2, expect.stringContaining('KAFKA_LOGIN_REFUSED')]);
    expect(said).toContain('EDXSTREAM_KAFKA_PASSWORD');
    expect(said).not.toContain('guessed');
  }
});
