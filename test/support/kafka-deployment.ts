/**
 * edxstream in several processes, for tests, on a Kafka cluster, with a server for the warehouse, and as many
 * ingests and sinks as a test wants, each a process that can be killed or stopped.
 */

import { ClickHouseFront } from './clickhouse-front.js';
import { type Running, start } from './edxstream.js';
import type { KafkaBrokers } from './kafka-broker.js';

export interface DeploymentOptions {
  readonly kafka: KafkaBrokers;
  /** Other listeners of it than the plain ones. */
  readonly addresses?: readonly string[];
  /** Several deployments may share a cluster, each under a name of its own. */
  readonly prefix: string;
  /** The options that open the keys. */
  readonly keys: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** A front that was killed, whose database this one begins with a copy of. */
  readonly copyOf?: ClickHouseFront;
}

/** Short enough for tests: work goes to others after six seconds without a sign of life. */
const SETTINGS = {
  EDXSTREAM_KAFKA_SESSION_SECONDS: '6',
  EDXSTREAM_KAFKA_PARTITIONS: '4',
  EDXSTREAM_LISTEN: '127.0.0.1:0',
  EDXSTREAM_WORKERS: '2',
};

export class KafkaDeployment implements AsyncDisposable {
  readonly front: ClickHouseFront;
  readonly ingests: Running[] = [];
  readonly sinks: Running[] = [];
  readonly prefix: string;
  readonly #options: DeploymentOptions;
  readonly loads: Running[] = [];

  private constructor(front: ClickHouseFront, options: DeploymentOptions) {
    this.front = front;
    this.prefix = options.prefix;
    this.#options = options;
  }

  static async start(options: DeploymentOptions): Promise<KafkaDeployment> {
    return new KafkaDeployment(await ClickHouseFront.start(options), options);
  }

  get #broker(): readonly string[] {
    const { kafka, prefix, addresses = kafka.addresses } = this.#options;
    return ['--topic-prefix', prefix, '--broker', addresses.join(',')];
  }

  get #environment(): Readonly<Record<string, string>> {
    return { ...SETTINGS, ...this.front.environment, ...this.#options.environment };
  }

  get #warehouse(): readonly string[] {
    return ['--warehouse', this.front.url];
  }

  ingest(): Running {
    const running = start(['ingest', ...this.#broker, ...this.#options.keys], {
      environment: this.#environment,
    });
    this.ingests.push(running);
    return running;
  }

  sink(environment: Readonly<Record<string, string>> = {}): Running {
    const running = start(['sink', ...this.#broker, ...this.#warehouse], {
      environment: { ...this.#environment, ...environment },
    });
    this.sinks.push(running);
    return running;
  }

  load(
    packages: readonly string[],
    options: readonly string[] = [],
    { keys = this.#options.keys }: Partial<Pick<DeploymentOptions, 'keys'>> = {},
  ): Running {
    const running = start(
      [...['load', ...packages, ...this.#broker, ...this.#warehouse], ...[...keys, ...options]],
      { environment: this.#environment },
    );
    this.loads.push(running);
    return running;
  }

  /** Where the rows are. */
  get place(): { readonly url: string; readonly environment: Readonly<Record<string, string>> } {
    return { url: this.front.url, environment: this.front.environment };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.ingests, ...this.sinks, ...this.loads];
    for (const { child } of all) child.kill('SIGKILL');
    await Promise.all(all.map(({ ended }) => ended));
    await this.front[Symbol.asyncDispose]();
  }
}
