/**
 * The load over Kafka of what one process has loaded: one broker, ingests, sinks and the planner, all on this machine.
 * And the same package loaded by one process into the same kind of server, which tells what is Kafka's part
 * of the difference and what is the server's.
 *
 *   embedded            one process ─────────────────────────────► engine in it
 *   into a server       one process ────────────────────── HTTP ─► front ─► engine
 *   over Kafka          planner, ingest ─► broker ─► sink ─ HTTP ─► front ─► engine
 *
 * The server is the front over the embedded engine that tests use, as no registry has a ClickHouse server.
 * Everything but `edxstream load` runs before the clock does, as it would in operation.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClickHouseFront } from '../test/support/clickhouse-front.js';
import { queryOf, type Running, start } from '../test/support/edxstream.js';
import { KafkaBrokers } from '../test/support/kafka-broker.js';
import { type Archive, PROGRAM } from './archive.js';
import { SHARED_CHECKSUM } from './ask-warehouse.js';
import { type ProcessUsage, usageOf } from './process-usage.js';
import { runMeasured } from './run-measured.js';
import type { Sample } from './samples.js';

/** Which processes share the work: what was fastest on two cores, see docs/kafka.md. */
export interface KafkaLayout {
  readonly ingests: number;
  readonly sinks: number;
}

const READY_POLL_MS = 50;
const READY_WITHIN_MS = 60_000;

export async function measureServerLoad(archive: Archive): Promise<Sample> {
  await using front = await ClickHouseFront.start();
  const before = usageOf(front.pid);
  const cost = await runMeasured(
    {
      node: [PROGRAM, 'load', archive.firstTar, '--key', archive.key, '--warehouse', front.url],
    },
    front.environment,
  );
  const ofServer = since(before, usageOf(front.pid)).cpuSeconds;
  return {
    ...{
      measure: 'load into a server',
      side: 'edxstream',
      events: archive.lines,
    },
    ...{ plaintextBytes: archive.plaintextBytes, checksum: await checksumOf(front) },
    ...{ seconds: cost.seconds, cpuSeconds: cost.cpuSeconds + ofServer, peakBytes: cost.peakBytes },
  };
}

/** The whole load first, then what each of its processes had of it. */
export async function measureKafkaLoad(
  archive: Archive,
  layout: KafkaLayout = { ingests: 1, sinks: 1 },
): Promise<readonly Sample[]> {
  await using kafka = await KafkaBrokers.start();
  await using front = await ClickHouseFront.start();
  const broker = ['--broker', ...kafka.addresses];
  const warehouse = ['--warehouse', front.url];
  const environment = { ...front.environment, EDXSTREAM_LISTEN: '127.0.0.1:0' };
  await using processes = await startProcesses(layout, {
    ingest: ['ingest', ...broker, '--key', archive.key],
    sink: ['sink', ...broker, ...warehouse],
    environment,
  });
  const pids = { ...processes.pids, broker: kafka.pids, warehouse: [front.pid] };
  const before = usageOfAll(pids);
  const cost = await runMeasured(
    {
      node: [PROGRAM, 'load', archive.firstTar, '--key', archive.key, ...broker, ...warehouse],
    },
    environment,
  );
  const after = usageOfAll(pids);
  const { seconds } = cost;
  const parts = [
    { name: 'planner', usage: cost },
    ...after.map(({ name, usage }, at) => ({
      name,
      usage: since(before[at]?.usage ?? usage, usage),
    })),
  ];
  return [
    {
      ...{ measure: 'load over Kafka', side: 'edxstream' },
      ...{ events: archive.lines, plaintextBytes: archive.plaintextBytes },
      ...{ seconds, cpuSeconds: parts.reduce((sum, { usage }) => sum + usage.cpuSeconds, 0) },
      ...{ peakBytes: 0, checksum: await checksumOf(front) },
    },
    ...parts.map(
      ({ name, usage: { cpuSeconds, peakBytes } }): Sample => ({
        ...{ measure: `load over Kafka: ${name}`, side: 'edxstream', checksum: '' },
        ...{ seconds, cpuSeconds, peakBytes, events: 0, plaintextBytes: 0 },
      }),
    ),
  ];
}

interface Processes extends AsyncDisposable {
  readonly pids: { readonly ingest: readonly number[]; readonly sink: readonly number[] };
}

/** Resolves when each has its share of the partitions. */
async function startProcesses(
  { ingests, sinks }: KafkaLayout,
  command: {
    readonly ingest: readonly string[];
    readonly sink: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
  },
): Promise<Processes> {
  const { environment } = command;
  const all = (count: number, args: readonly string[]): Running[] =>
    Array.from({ length: count }, () => start(args, { environment }));
  const running = { ingest: all(ingests, command.ingest), sink: all(sinks, command.sink) };
  const both = [...running.ingest, ...running.sink];
  const stop = async (): Promise<void> => {
    for (const { child } of both) child.kill('SIGTERM');
    await Promise.all(both.map(({ ended }) => ended));
  };
  try {
    await Promise.all(both.map(untilShared));
  } catch (error) {
    await stop();
    throw error;
  }
  const pidsOf = (some: readonly Running[]): number[] => some.map(({ child }) => child.pid ?? 0);
  return {
    pids: { ingest: pidsOf(running.ingest), sink: pidsOf(running.sink) },
    [Symbol.asyncDispose]: stop,
  };
}

async function untilShared({ said }: Running): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!said().includes('are shared anew.')) {
    if (performance.now() > deadline) throw new Error(`It does not come up:\n${said()}`);
    await sleep(READY_POLL_MS);
  }
}

interface NamedUsage {
  readonly name: string;
  readonly usage: ProcessUsage;
}

/** Of processes of one name the times together, and the memory of the largest. */
function usageOfAll(pids: Readonly<Record<string, readonly number[]>>): readonly NamedUsage[] {
  return Object.entries(pids).map(([name, ofName]) => {
    const usages = ofName.map(usageOf);
    return {
      name,
      usage: {
        cpuSeconds: usages.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
        peakBytes: Math.max(...usages.map(({ peakBytes }) => peakBytes)),
      },
    };
  });
}

function since(before: ProcessUsage, after: ProcessUsage): ProcessUsage {
  return { cpuSeconds: after.cpuSeconds - before.cpuSeconds, peakBytes: after.peakBytes };
}

async function checksumOf({ url, environment }: ClickHouseFront): Promise<string> {
  const answer = await queryOf({ url, environment }, SHARED_CHECKSUM, 'TSV');
  return answer.trimEnd().replace('\t', ' events, ');
}
