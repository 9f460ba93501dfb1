/**
 * `edxstream sink`: settings → warehouse → Kafka → load what ingests have published, until it is stopped.
 *
 * Its log is the result, on standard output, one JSON object a line.
 */
import { Command } from 'commander';
import type { ValuesOf } from '#shared/config/settings';
import { EdxstreamError } from '#shared/errors';
import { openKafka } from '#shared/kafka/kafka-client';
import { isKafkaError, withKafkaErrors } from '#shared/kafka/kafka-errors';
import { createKernel } from '#shared/kernel/kernel';
import { giveRunningHeapRoom } from '#shared/openpgp/heap-room';
import { runUntilStopped } from '#shared/operations/drain';
import { recordRetry, recordRun } from '#shared/operations/facts';
import { openOperations } from '#shared/operations/operations';
import { LineScanner } from '#shared/tracking/line-scanner';
import { addSettings, settingsOf } from './add-settings.js';
import { EXIT } from './exit-status.js';
import { kernelBytes } from './kernel-bytes.js';
import { topicsOf } from './open-broker.js';
import { openServer } from './open-warehouse.js';
import { sinkSettings } from './process-settings.js';
import { programVersion } from './program-version.js';
import { requireBroker } from './require-broker.js';
import { runSink } from './run-sink.js';
import type { Shell } from './shell.js';

const EXAMPLES = `
Examples:
  edxstream sink --broker 127.0.0.1:9092 --warehouse http://127.0.0.1:8123 --topic-prefix spring
  edxstream sink --broker 127.0.0.1:9092 --warehouse http://127.0.0.1:8123
  edxstream sink --broker kafka-1:9093 --kafka-tls --warehouse https://ch:8443
`;

type SinkSettings = ValuesOf<typeof sinkSettings>;

export function sinkCommand(shell: Shell, end: (exitStatus: number) => void): Command {
  const command = new Command('sink')
    .description(
      'Brings the lines of all servers in order and loads them into a ClickHouse server.',
    )
    .addHelpText('after', EXAMPLES);
  addSettings(command, sinkSettings);
  return command.action(async () => {
    const settings = settingsOf(command, sinkSettings, shell.env);
    requireBroker(settings, 'sink');
    await sink(settings, shell);
    end(EXIT.allIn);
  });
}

async function sink(settings: SinkSettings, shell: Shell): Promise<void> {
  const { warehouse: url } = settings;
  if (url === undefined) {
    throw new EdxstreamError(
      'SETTINGS',
      '`edxstream sink` loads into a ClickHouse server, which several sinks share: name it with --warehouse (EDXSTREAM_WAREHOUSE).',
    );
  }
  await using operations = await openOperations({
    service: 'sink',
    version: programVersion(),
    level: settings.logLevel,
    listen: settings.listen,
    logTo: { write: (text) => void shell.out.write(text) },
  });
  const { log, health, metrics } = operations;
  metrics.windowBytesMax.set(settings.windowBytesMax);
  health.condition('kafka', false);
  const sees = { isOpen: false, isAway: false };
  const see = (change: Partial<typeof sees>): void => {
    Object.assign(sees, change);
    health.condition('warehouse', sees.isOpen && !sees.isAway);
  };
  await using warehouse = await openServer(
    { ...settings, warehouse: url },
    {
      onAway: (isAway) => see({ isAway }),
      onRetry: (error, attempt) =>
        recordRetry(operations, { system: 'warehouse', error: String(error), attempt }),
    },
  );
  const kafka = await openKafka(settings, {
    clientId: `edxstream-sink-${process.pid}`,
    onLog: ({ log: { message, ...fields } }) => log.debug({ kafka: fields }, message),
  });
  const topics = await topicsOf(kafka, settings);
  health.condition('kafka', true);
  health.condition('partitions', false);
  giveRunningHeapRoom();
  const kernel = createKernel(kernelBytes(settings, 1));
  using scanner = new LineScanner(kernel);
  let assigned: readonly number[] = [];
  await runUntilStopped(
    ({ stop }) =>
      withKafkaErrors(() =>
        runSink({
          ...{ kafka, topics, warehouse, kernel, scanner, signal: stop },
          groupId: `${settings.topicPrefix}.sink`,
          sessionMs: settings.kafkaSessionSeconds * 1000,
          releaseBytes: settings.releaseBytes,
          windowBytesMax: settings.windowBytesMax,
          queueBytesMax: 2 * settings.batchBytes,
          onBeat: () => health.heard('kafka', { withinMs: settings.kafkaSessionSeconds * 1000 }),
          onAssigned: (partitions) => {
            health.heard('kafka', { withinMs: settings.kafkaSessionSeconds * 1000 });
            for (const left of assigned)
              if (!partitions.includes(left)) metrics.partitionLeft(left);
            assigned = partitions;
            health.condition('partitions', true);
            log.info({ partitions }, 'Partitions are shared anew.');
          },
          onSession: (isOpen) => see({ isOpen }),
          onInserted: (run) => recordRun(operations, run),
          onDuplicates: (lines) => metrics.duplicates.inc(lines),
          onDateComplete: (partition, dateUs) => metrics.watermarkMoved(partition, dateUs),
          onWindow: (bytes) => metrics.windowBytes.set(bytes),
          onLag: (partition, records) => metrics.lagRecords.set({ partition }, records),
          onRetry: (error) =>
            recordRetry(operations, { system: systemOf(error), error: String(error), attempt: 1 }),
        }),
      ),
    { stop: shell.stop, drainMs: settings.drainSeconds * 1000, log, health },
  );
}

function systemOf(error: unknown): 'kafka' | 'warehouse' {
  return isKafkaError(error) ? 'kafka' : 'warehouse';
}
