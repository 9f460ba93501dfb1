/**
 * A real Kafka cluster of a test's own: Apache Kafka in KRaft mode on free ports of the loopback address,
 * fetched by Maven, gone with its data when the test is done.
 *
 *   await using kafka = await KafkaBrokers.start();      one node, ready
 *   kafka.addresses                                      for --broker
 *   kafka.secured.SASL_SSL                               the same, through TLS and with a password
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  isListening,
  type KafkaNode,
  type NodePorts,
  prepareCluster,
  untilReady,
} from '../../deploy/local/kafka-cluster.js';
import type { Certificates } from './certificates.js';

/** What brokers are given to be reached in a secured way as well, beside the plain one. */
export interface BrokerSecurity {
  readonly certificates: Certificates;
  /** Passwords by user, for SCRAM-SHA-512 and for PLAIN. */
  readonly users: Readonly<Record<string, string>>;
}

export class KafkaBrokers implements AsyncDisposable {
  readonly addresses: readonly string[];
  /** Where clients are asked for a password, and where for a certificate of theirs. */
  readonly secured: { readonly SASL_SSL: readonly string[]; readonly SSL: readonly string[] };
  readonly #nodes: readonly KafkaNode[];
  readonly #directory: string;
  /** The processes that run, by node. */
  readonly #pids = new Map<number, number>();

  private constructor(
    directory: string,
    nodes: readonly KafkaNode[],
    ports: readonly SecuredPorts[],
  ) {
    this.#directory = directory;
    this.#nodes = nodes;
    this.addresses = nodes.map(({ address }) => address);
    this.secured = {
      SASL_SSL: ports.map(({ secured }) => `127.0.0.1:${secured.SASL_SSL}`),
      SSL: ports.map(({ secured }) => `127.0.0.1:${secured.SSL}`),
    };
  }

  static async start({
    brokers = 1,
    properties = {},
    security,
  }: {
    readonly brokers?: number;
    readonly properties?: Readonly<Record<string, string>>;
    readonly security?: BrokerSecurity;
  } = {}): Promise<KafkaBrokers> {
    const directory = await mkdtemp(path.join(tmpdir(), 'edxstream-kafka-'));
    const ports = await freePorts(brokers);
    const nodes = await prepareCluster({
      directory,
      ports: security === undefined ? ports.map(({ secured, ...plain }) => plain) : ports,
      properties: { ...properties, ...(security && securityProperties(security)) },
      ...(security && { users: security.users }),
    });
    const cluster = new KafkaBrokers(directory, nodes, ports);
    try {
      for (const { id } of nodes) await cluster.startNode(id);
      await untilReady(nodes);
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  /** Of the nodes that run. */
  get pids(): readonly number[] {
    return [...this.#pids.values()];
  }

  /** Node ids count from 1. */
  async startNode(id: number): Promise<void> {
    const child = await this.#node(id).start();
    if (child.pid === undefined) throw new Error(`Node ${id} did not start.`);
    this.#pids.set(id, child.pid);
    child.once('exit', () => this.#pids.delete(id));
  }

  /** SIGKILL ends a node as a crash would, SIGTERM as an operator would. */
  async stopNode(id: number, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const pid = this.#pids.get(id);
    if (pid !== undefined) process.kill(pid, signal);
    while (await isListening(this.#node(id).address)) await new Promise(setImmediate);
  }

  /** Waits until the node takes connections again. */
  async untilReady(id: number): Promise<void> {
    await untilReady([this.#node(id)]);
  }

  #node(id: number): KafkaNode {
    const node = this.#nodes.find((one) => one.id === id);
    if (node === undefined) throw new Error(`There is no node ${id}.`);
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of this.#pids.values()) process.kill(pid, 'SIGKILL');
    while (this.#pids.size > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await rm(this.#directory, { recursive: true, force: true });
  }
}

interface SecuredPorts extends NodePorts {
  readonly secured: { readonly SASL_SSL: number; readonly SSL: number };
}

const PORTS_OF_A_NODE = 4;

/** As the documentation of Apache Kafka has it for PEM files and for users of either mechanism. */
function securityProperties({ certificates, users }: BrokerSecurity): Record<string, string> {
  const login = 'org.apache.kafka.common.security';
  const passwords = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`);
  return {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
    'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config': `${login}.scram.ScramLoginModule required;`,
    'listener.name.sasl_ssl.plain.sasl.jaas.config': `${login}.plain.PlainLoginModule required ${passwords.join(' ')};`,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': certificates.server.keyAndCertFile,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': certificates.caFile,
    'listener.name.ssl.ssl.client.auth': 'required',
  };
}

/** Ports that nobody listens on, asked of the system all at once so that none comes twice. */
async function freePorts(nodes: number): Promise<SecuredPorts[]> {
  const servers = await Promise.all(
    Array.from(
      { length: nodes * PORTS_OF_A_NODE },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return Array.from({ length: nodes }, (_, index) => {
    const [broker = 0, controller = 0, sasl = 0, ssl = 0] = ports.slice(index * PORTS_OF_A_NODE);
    return { broker, controller, secured: { SASL_SSL: sasl, SSL: ssl } };
  });
}
