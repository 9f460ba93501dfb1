/**
 * Where the loads of a suite go. In one process each place is a data directory; over Kafka it is a database
 * of its own on one server, with topics of its own, an ingest and a sink. So the same tests hold for both:
 *
 *   loadOverKafka();                                       in a file of test/kafka, before
 *   await import('../end-to-end/….test.js');               the tests are read
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { vi } from 'vitest';
import { ClickHouseFront } from './clickhouse-front.js';
import { edxstream, type Place, type Run, type Running, start } from './edxstream.js';
import { KafkaBrokers } from './kafka-broker.js';

export interface LoadPlaces extends AsyncDisposable {
  /** One that nothing has used yet. */
  fresh(): Promise<Place>;
  /** `edxstream load` with these packages and options, those that open the keys among them. */
  load(place: Place, packages: readonly string[], options: readonly string[]): Promise<Run>;
}

let isOverKafka = false;

export function loadOverKafka(): void {
  isOverKafka = true;
  // Each load waits for three processes to begin.
  vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 });
}

export function openLoadPlaces(): Promise<LoadPlaces> {
  return isOverKafka ? KafkaPlaces.start() : Directories.make();
}

class Directories implements LoadPlaces {
  readonly #directory: string;
  #places = 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async make(): Promise<Directories> {
    return new Directories(await mkdtemp(path.join(tmpdir(), 'edxstream-test-')));
  }

  async fresh(): Promise<string> {
    this.#places += 1;
    return path.join(this.#directory, `data-${this.#places}`);
  }

  load(place: Place, packages: readonly string[], options: readonly string[]): Promise<Run> {
    return edxstream(['load', ...packages, ...options, '--data', String(place)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}

class KafkaPlaces implements LoadPlaces {
  readonly #kafka: KafkaBrokers;
  readonly #front: ClickHouseFront;
  #places = 0;

  private constructor(kafka: KafkaBrokers, front: ClickHouseFront) {
    this.#kafka = kafka;
    this.#front = front;
  }

  static async start(): Promise<KafkaPlaces> {
    const [kafka, front] = await Promise.all([KafkaBrokers.start(), ClickHouseFront.start()]);
    return new KafkaPlaces(kafka, front);
  }

  async fresh(): Promise<Place> {
    this.#places += 1;
    const name = `place_${this.#places}`;
    const { EDXSTREAM_WAREHOUSE_USER, EDXSTREAM_WAREHOUSE_PASSWORD } = this.#front.environment;
    const response = await fetch(this.#front.url, {
      method: 'POST',
      headers: {
        'x-clickhouse-user': `${EDXSTREAM_WAREHOUSE_USER}`,
        'x-clickhouse-key': `${EDXSTREAM_WAREHOUSE_PASSWORD}`,
      },
      body: `CREATE DATABASE ${name}`,
    });
    if (!response.ok) throw new Error(await response.text());
    const environment = {
      ...this.#front.environment,
      EDXSTREAM_TOPIC_PREFIX: name,
      EDXSTREAM_BROKER: this.#kafka.addresses.join(','),
      EDXSTREAM_KAFKA_PARTITIONS: '2',
      EDXSTREAM_LISTEN: '127.0.0.1:0',
      EDXSTREAM_WORKERS: '2',
    };
    return { url: `${this.#front.url}/${name}`, environment };
  }

  async load(place: Place, packages: readonly string[], options: readonly string[]): Promise<Run> {
    if (typeof place === 'string') throw new Error('A directory is no place for Kafka.');
    const { environment } = place;
    const keys = options.filter((_, at) =>
      [options[at], options[at - 1]].some((one) => one === '--key' || one === '--passphrase-file'),
    );
    const warehouse = ['--warehouse', place.url];
    const workers: readonly Running[] = [
      start(['ingest', ...keys], { environment }),
      start(['sink', ...warehouse], { environment }),
    ];
    const run = await start(['load', ...packages, ...options, ...warehouse], { environment }).ended;
    for (const { child } of workers) child.kill('SIGTERM');
    for (const { ended } of workers) {
      const { status, said } = await ended;
      if (status !== 0) throw new Error(`It did not drain, status ${status}: ${said}`);
    }
    return run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#front[Symbol.asyncDispose]();
    await this.#kafka[Symbol.asyncDispose]();
  }
}
