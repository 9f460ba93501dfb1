/**
 * `edxstream ingest`: settings → keys → Kafka → read log files that are handed out, until it is stopped.
 *
 * Its log is the result, on standard output, one JSON object a line.
 */
import { hostname } from 'node:os';
import { Command } from 'commander';
import type { ValuesOf } from '#shared/config/settings';
import { openKafka } from '#shared/kafka/kafka-client';
import { withKafkaErrors } from '#shared/kafka/kafka-errors';
import { createKernel } from '#shared/kernel/kernel';
import { giveRunningHeapRoom } from '#shared/openpgp/heap-room';
import type { KeyRing } from '#shared/openpgp/key-ring';
import { runUntilStopped } from '#shared/operations/drain';
import { recordLogFile, recordRetry } from '#shared/operations/facts';
import { openOperations } from '#shared/operations/operations';
import { openDecryptPool } from '../decrypt/decrypt-pool.js';
import { addSettings, settingsOf } from './add-settings.js';
import { EXIT } from './exit-status.js';
import { kernelBytes } from './kernel-bytes.js';
import { topicsOf } from './open-broker.js';
import { openKeys } from './open-keys.js';
import { ingestSettings } from './process-settings.js';
import { programVersion } from './program-version.js';
import { requireBroker } from './require-broker.js';
import { runIngest } from './run-ingest.js';
import type { Shell } from './shell.js';

const EXAMPLES = `
Examples:
  EDXSTREAM_BROKER=kafka-1:9092,kafka-2:9092 edxstream ingest --key czar-secret.asc
  edxstream ingest --broker 127.0.0.1:9092 --key czar-secret.asc
  edxstream ingest --broker kafka-1:9093 --kafka-tls -k czar-secret.asc --listen 0.0.0.0:9464
`;

type IngestSettings = ValuesOf<typeof ingestSettings>;

export function ingestCommand(shell: Shell, end: (exitStatus: number) => void): Command {
  const command = new Command('ingest')
    .description(
      'Reads the log files that `edxstream load --broker` hands out, and publishes their lines to Kafka.',
    )
    .addHelpText('after', EXAMPLES);
  addSettings(command, ingestSettings);
  return command.action(async () => {
    const settings = settingsOf(command, ingestSettings, shell.env);
    requireBroker(settings, 'ingest');
    const keys = await openKeys(settings, shell);
    await ingest(settings, keys, shell);
    end(EXIT.allIn);
  });
}

async function ingest(settings: IngestSettings, keys: KeyRing, shell: Shell): Promise<void> {
  await using operations = await openOperations({
    service: 'ingest',
    version: programVersion(),
    level: settings.logLevel,
    listen: settings.listen,
    logTo: { write: (text) => void shell.out.write(text) },
  });
  const { log, health, metrics } = operations;
  const name = `${hostname()}/${process.pid}`;
  const retried = (error: unknown): void =>
    recordRetry(operations, { system: 'kafka', error: String(error), attempt: 1 });
  const kafka = await openKafka(settings, {
    clientId: `edxstream-ingest-${process.pid}`,
    onLog: ({ log: { message, ...fields } }) => log.debug({ kafka: fields }, message),
  });
  health.condition('kafka', false);
  const topics = await topicsOf(kafka, settings);
  health.condition('kafka', true);
  health.condition('partitions', false);
  giveRunningHeapRoom();
  const kernel = createKernel(kernelBytes({ ...settings, windowBytesMax: 0 }, settings.workers));
  await using pool = openDecryptPool({ keys, workers: settings.workers, kernel });
  await runUntilStopped(
    ({ stop, abandon }) =>
      withKafkaErrors(() =>
        runIngest({
          ...{ kafka, topics, name, pool, kernel, stop, abandon },
          groupId: `${settings.topicPrefix}.ingest`,
          sessionMs: settings.kafkaSessionSeconds * 1000,
          linesPerRecord: settings.linesPerRecord,
          isCompressed: settings.kafkaCompress,
          onBeat: () => health.heard('kafka', { withinMs: settings.kafkaSessionSeconds * 1000 }),
          onAssigned: (partitions) => {
            health.heard('kafka', { withinMs: settings.kafkaSessionSeconds * 1000 });
            health.condition('partitions', true);
            log.info({ partitions }, 'Log files are shared anew.');
          },
          onAnswer: ({ identity }, answer, ms) => {
            const counts = answer.kind === 'loaded' ? answer.counts : undefined;
            recordLogFile(operations, {
              ...identity,
              outcome: answer.kind === 'shorter' ? 'superseded' : answer.kind,
              ...(answer.kind === 'failed' ? { reason: answer.reason } : {}),
              lines: counts?.lines ?? 0,
              lineBytes: answer.kind === 'loaded' ? answer.delivered.plaintextBytes : 0,
              events: counts?.events ?? 0,
              late: counts?.late ?? 0,
              rejectedByReason: counts?.rejectedByReason ?? {},
              ms,
            });
          },
          onTakenOver: () => metrics.logFiles.inc({ outcome: 'taken_over' }),
          onRetry: retried,
        }),
      ),
    { stop: shell.stop, drainMs: settings.drainSeconds * 1000, log, health },
  );
}
