/**
 * One to several Kafka nodes on the loopback address, each broker and controller (KRaft).
 *
 *   directory/node-1/server.properties   what the node is started with
 *                    server.log          what it says
 *                    data/               what it stores
 *
 * Nodes are processes of their own, so that a test can kill or stop one, and so that they outlive the
 * command that started them.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fetchKafka } from './fetch-kafka.js';

const run = promisify(execFile);
const HOST = '127.0.0.1';
const READY_POLL_MS = 100;

export interface NodePorts {
  readonly broker: number;
  readonly controller: number;
  /** Further listeners, by security protocol: `SASL_SSL`, `SSL`. */
  readonly secured?: Readonly<Record<string, number>>;
}

export interface ClusterOptions {
  readonly directory: string;
  /** One entry for each node. */
  readonly ports: readonly NodePorts[];
  /** Further lines of server.properties, for all nodes. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Passwords of users that log in by SCRAM-SHA-512; they are written when the storage is formatted. */
  readonly users?: Readonly<Record<string, string>>;
}

export interface KafkaNode {
  readonly id: number;
  /** `127.0.0.1:9092` */
  readonly address: string;
  readonly directory: string;
  /** Starts the process; it stays when this one ends. */
  start(): Promise<ChildProcess>;
}

/** Formats the storage of the nodes that have none yet. */
export async function prepareCluster(options: ClusterOptions): Promise<readonly KafkaNode[]> {
  const jars = await fetchKafka();
  const clusterFile = path.join(options.directory, 'cluster-id');
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const known = await readFile(clusterFile, 'utf8').catch(() => undefined);
  const clusterId = known ?? randomBytes(16).toString('base64url');
  const nodes = await Promise.all(
    options.ports.map((_, index) => prepareNode(index + 1, options, { jars, clusterId })),
  );
  if (known === undefined) await writeFile(clusterFile, clusterId);
  return nodes;
}

async function prepareNode(
  id: number,
  options: ClusterOptions,
  { jars, clusterId }: { readonly jars: string; readonly clusterId: string },
): Promise<KafkaNode> {
  const directory = path.join(options.directory, `node-${id}`);
  const config = path.join(directory, 'server.properties');
  await mkdir(directory, { recursive: true });
  await writeFile(config, serverProperties(id, directory, options));
  const classPath = `${jars}/*`;
  await run('java', [
    ...['-XX:TieredStopAtLevel=1', '-cp', classPath, 'kafka.tools.StorageTool'],
    ...['format', '--ignore-formatted', `--cluster-id=${clusterId}`, '--config', config],
    ...Object.entries(options.users ?? {}).flatMap(([name, password]) => [
      '--add-scram',
      `SCRAM-SHA-512=[name=${name},password=${password}]`,
    ]),
  ]);
  return {
    id,
    directory,
    address: `${HOST}:${options.ports[id - 1]?.broker}`,
    async start() {
      const log = openSync(path.join(directory, 'server.log'), 'a');
      const logging = path.join(import.meta.dirname, 'log4j2.properties');
      const child = spawn(
        'java',
        [
          ...['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC'],
          ...[`-Dlog4j2.configurationFile=${logging}`, '-cp', classPath, 'kafka.Kafka', config],
        ],
        { stdio: ['ignore', log, log], detached: true, cwd: directory },
      );
      closeSync(log);
      child.unref();
      await writeFile(path.join(directory, 'pid'), String(child.pid));
      return child;
    },
  };
}

function serverProperties(id: number, directory: string, options: ClusterOptions): string {
  const { ports } = options;
  const own: NodePorts = ports[id - 1] ?? { broker: 0, controller: 0 };
  const replicas = Math.min(ports.length, 3);
  const listeners = { PLAINTEXT: own.broker, CONTROLLER: own.controller, ...own.secured };
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': ports
      .map(({ controller }, index) => `${index + 1}@${HOST}:${controller}`)
      .join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: Object.entries(listeners)
      .map(([protocol, port]) => `${protocol}://${HOST}:${port}`)
      .join(','),
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL',
    'log.dirs': path.join(directory, 'data'),
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 8,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': Math.max(1, replicas - 1),
    'default.replication.factor': replicas,
    'min.insync.replicas': Math.max(1, replicas - 1),
    'auto.create.topics.enable': 'false',
    'log.message.timestamp.type': 'LogAppendTime',
    // A line may have 16 MiB; the rest is room for its record.
    'message.max.bytes': 17_825_792,
    'replica.fetch.max.bytes': 17_825_792,
    'group.initial.rebalance.delay.ms': 0,
    ...options.properties,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** Waits until every node accepts connections. */
export async function untilReady(
  nodes: readonly KafkaNode[],
  { withinMs = 60_000 }: { readonly withinMs?: number } = {},
): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (const { address, directory } of nodes) {
    while (!(await isListening(address))) {
      if (Date.now() > deadline) {
        const log = await readFile(path.join(directory, 'server.log'), 'utf8').catch(() => '');
        throw new Error(`${address} does not answer. Its log ends with:\n${log.slice(-2000)}`);
      }
      await sleep(READY_POLL_MS);
    }
  }
}

export function isListening(address: string): Promise<boolean> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host: host ?? HOST, port: Number(port) });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
