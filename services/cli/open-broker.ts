/**
 * What `edxstream load --broker` has of Kafka: it hands out log files, hears what came of them, and ends what
 * it began, so that sinks and ingests hold nothing of a load that was stopped.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, Kafka } from 'kafkajs';
import { type KafkaPlace, openKafka } from '#shared/kafka/kafka-client';
import { asKafkaError, isKafkaError, isLasting, withKafkaErrors } from '#shared/kafka/kafka-errors';
import { type Answered, answerFromJson } from '#shared/kafka/messages';
import { RecordSender } from '#shared/kafka/record-sender';
import { leaveGroup } from '#shared/kafka/run-consumer';
import { openTopics, type Topics } from '#shared/kafka/topics';
import { untilKnown } from '#shared/kafka/until-known';
import { forgetParts, lastRun, readParts, sweepParts } from '#shared/warehouse/log-file-parts';
import { withPatience } from '#shared/warehouse/patience';
import type { Warehouse } from '#shared/warehouse/warehouse';
import { loadThroughBroker, markRun } from './broker-round.js';
import type { LoadRound } from './load-log-files.js';
import { watchMembers } from './watch-members.js';

export interface BrokerSettings extends KafkaPlace {
  readonly topicPrefix: string;
  readonly kafkaPartitions: number;
  readonly kafkaReplicas: number | undefined;
  readonly kafkaRetentionHours: number;
}

export interface Broker extends AsyncDisposable {
  readonly loadRound: LoadRound;
}

/** How long sinks are waited for when a load is stopped. */
const GIVE_UP_MS = 20_000;
/** How long brokers that cannot be reached are waited for, beside the library's own attempts. */
const PATIENCE_MS = 60_000;
/** After how long it is said that brokers are waited for. */
const SAY_WAITING_MS = 3000;

export async function openBroker(
  settings: BrokerSettings & { readonly datesAhead: number },
  { warehouse, say }: { readonly warehouse: Warehouse; readonly say: (text: string) => void },
): Promise<Broker> {
  const brokers = settings.broker.join(', ');
  const waiting = setTimeout(() => {
    say(`Waiting for Kafka at ${brokers}: no broker answers yet.\n`);
  }, SAY_WAITING_MS);
  const kafka = await openKafka(settings, { clientId: 'edxstream-load' }).catch(
    (error: unknown) => {
      clearTimeout(waiting);
      throw error;
    },
  );
  const admin = kafka.admin();
  const heard: Answered[] = [];
  const { topics, sender, answers } = await withKafkaErrors(() =>
    // A broker that is being replaced is no reason to end.
    withPatience(() => connect(kafka, settings, (answered) => heard.push(answered)), {
      patienceMs: PATIENCE_MS,
      mayRepeat: (error) => isKafkaError(error) && !isLasting(error),
    }),
  ).finally(() => clearTimeout(waiting));
  await withKafkaErrors(() => admin.connect());
  // What an earlier load left in vain goes before anything is begun.
  await sweepParts(warehouse);
  await forgetParts(warehouse);
  return {
    async loadRound(files, options) {
      if (files.length === 0) return [];
      const run = await nextRun(warehouse);
      const over = new AbortController();
      const watching = watchMembers(admin, { ...settings, say, signal: over.signal });
      try {
        return await loadThroughBroker(files, {
          ...options,
          ...{ warehouse, sender, topics, run, datesAhead: settings.datesAhead },
          answers: () => heard.splice(0),
          onFile: (result) => options.onFile?.(result),
        });
      } catch (error) {
        await giveUp({ warehouse, sender, topics, run: run + 1 }).catch(() => undefined);
        throw asKafkaError(error);
      } finally {
        over.abort();
        await watching;
      }
    },
    async [Symbol.asyncDispose]() {
      await admin.disconnect();
      await answers[Symbol.asyncDispose]();
      await sender[Symbol.asyncDispose]();
    },
  };
}

interface Connected {
  readonly topics: Topics;
  readonly sender: RecordSender;
  readonly answers: AsyncDisposable;
}

async function connect(
  kafka: Kafka,
  settings: BrokerSettings,
  hear: (answered: Answered) => void,
): Promise<Connected> {
  const topics = await openTopicsOf(kafka, settings);
  const sender = await RecordSender.open(kafka);
  try {
    const answers = await hearAnswers(kafka, topics, settings.topicPrefix, hear);
    return { topics, sender, answers };
  } catch (error) {
    await sender[Symbol.asyncDispose]().catch(() => undefined);
    throw error;
  }
}

/** @throws EdxstreamError KAFKA_UNREACHABLE or KAFKA_REFUSED. */
export function topicsOf(kafka: Kafka, settings: BrokerSettings): Promise<Topics> {
  return withKafkaErrors(() => openTopicsOf(kafka, settings));
}

async function openTopicsOf(kafka: Kafka, settings: BrokerSettings): Promise<Topics> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await openTopics(admin, {
      prefix: settings.topicPrefix,
      partitions: settings.kafkaPartitions,
      replicas: settings.kafkaReplicas,
      retentionHours: settings.kafkaRetentionHours,
    });
  } finally {
    await admin.disconnect();
  }
}

/** Numbers grow, whatever clock made the last one. */
async function nextRun(warehouse: Warehouse): Promise<number> {
  return Math.max(Date.now(), (await lastRun(warehouse)) + 2);
}

/** A run with nothing in it: whoever sees it drops the one before. */
async function giveUp(options: {
  readonly warehouse: Warehouse;
  readonly sender: RecordSender;
  readonly topics: Topics;
  readonly run: number;
}): Promise<void> {
  const { warehouse, topics, run } = options;
  await markRun('run-begun', options);
  await markRun('run-ended', options);
  const deadline = Date.now() + GIVE_UP_MS;
  while (Date.now() < deadline) {
    const ended = await readParts(warehouse, { run, states: ['ended'] });
    if (new Set(ended.map(({ partition }) => partition)).size >= topics.partitions) break;
    await sleep(200);
  }
}

/** Hears the answers that are written from now on. */
async function hearAnswers(
  kafka: Kafka,
  topics: Topics,
  prefix: string,
  hear: (answered: Answered) => void,
): Promise<AsyncDisposable> {
  const admin = kafka.admin();
  await admin.connect();
  const [end] = await untilKnown(() => admin.fetchTopicOffsets(topics.answers));
  // A group of its own: it reads everything, and shares nothing with a load that died.
  const groupId = `${prefix}.load.${randomUUID()}`;
  const consumer: Consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: 200,
    retry: { restartOnFailure: async () => true },
  });
  await consumer.connect();
  // Where it has to begin again it begins at what it committed, or at the first: what is heard twice counts once.
  await untilKnown(() => consumer.subscribe({ topics: [topics.answers], fromBeginning: true }));
  await consumer.run({
    eachMessage: async ({ message }) => {
      if (message.value !== null) hear(answerFromJson(message.value.toString()));
    },
  });
  consumer.seek({ topic: topics.answers, partition: 0, offset: end?.high ?? '0' });
  return {
    async [Symbol.asyncDispose]() {
      await leaveGroup(consumer);
      await admin.deleteGroups([groupId]).catch(() => undefined);
      await admin.disconnect();
    },
  };
}
