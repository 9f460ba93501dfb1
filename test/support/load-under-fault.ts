/**
 * A load over Kafka by two ingests and two sinks, to do something to while it is under way. How far it has come
 * is told by what its processes say, so that a fault falls into the middle on any machine, fast or slow.
 *
 *   read       log files that ingests have read          settled    log files that the load has told of
 */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Run, Running } from './edxstream.js';
import { type DeploymentOptions, KafkaDeployment } from './kafka-deployment.js';
import type { PackagesForKafka } from './packages-for-kafka.js';
import { wait } from './two-weeks.js';

const LOOK_MS = 25;
const RUNS_MAX = 4;
const SOMETHING_REJECTED = 1;

export class LoadUnderFault implements AsyncDisposable {
  readonly deployment: KafkaDeployment;
  readonly #packages: PackagesForKafka;
  /** The load came to its end: what happens now happens to nothing. */
  #isOver = false;

  private constructor(deployment: KafkaDeployment, packages: PackagesForKafka) {
    this.deployment = deployment;
    this.#packages = packages;
  }

  static async start(
    options: Omit<DeploymentOptions, 'keys'>,
    packages: PackagesForKafka,
  ): Promise<LoadUnderFault> {
    const deployment = await KafkaDeployment.start({ ...options, keys: packages.keys });
    for (let at = 0; at < 2; at += 1) {
      deployment.ingest();
      deployment.sink();
    }
    return new LoadUnderFault(deployment, packages);
  }

  /** Runs the load; one that ends because of the fault says that it is to be run again, and is. */
  async load(): Promise<{ readonly ended: Run; readonly runs: number }> {
    try {
      for (let runs = 1; ; runs += 1) {
        const ended = await this.deployment.load(this.#packages.weeks.flat(), ['--json']).ended;
        if (ended.status === SOMETHING_REJECTED || runs === RUNS_MAX) return { ended, runs };
      }
    } finally {
      this.#isOver = true;
    }
  }

  get read(): number {
    return count(this.deployment.ingests, '"msg":"Log file ');
  }

  get settled(): number {
    return count(this.deployment.loads, '{"type":"file"');
  }

  /** How often the partitions of the event log were shared among the sinks, counted by this one. */
  shared(sink: Running): number {
    return count([sink], '"msg":"Partitions are shared anew."');
  }

  /** A load runs that has begun and not come to its end. */
  get isUnderWay(): boolean {
    const { loads } = this.deployment;
    return !this.#isOver && count(loads.slice(-1), '"stage":"log files"') > 0 && !this.#hasEnded;
  }

  get #hasEnded(): boolean {
    const [last] = this.deployment.loads.slice(-1);
    return last === undefined || isGone(last) || last.said().includes('"type":"summary"');
  }

  /** Waits until this share of the log files is read; false where the load is over before. */
  untilRead(share: number): Promise<boolean> {
    return this.until(() => this.read >= share * this.#packages.logFiles);
  }

  untilSettled(share: number): Promise<boolean> {
    return this.until(() => this.settled >= share * this.#packages.logFiles);
  }

  /** Waits for a moment of a load that is under way at which it is so; false where that does not come. */
  async until(isSo: () => boolean): Promise<boolean> {
    while (!this.#isOver) {
      if (this.isUnderWay && isSo()) return true;
      await wait(LOOK_MS);
    }
    return false;
  }

  /** Kills a process; true where a load was under way and it died by this. */
  async kill({ child, ended }: Running): Promise<boolean> {
    const isInTheMiddle = this.isUnderWay;
    child.kill('SIGKILL');
    await ended;
    return isInTheMiddle && child.signalCode === 'SIGKILL';
  }

  /** Lets ingests and sinks end by themselves, those that woke up late among them; their statuses. */
  async drain(): Promise<readonly (number | null)[]> {
    const all = [...this.deployment.sinks, ...this.deployment.ingests];
    const left = all.filter((running) => !isGone(running));
    for (const { child } of left) child.kill('SIGTERM');
    const ends = await Promise.all(left.map(({ ended }) => ended));
    return ends.map(({ status }) => status);
  }

  /** Records that a sink had seen before, by its own account; of those that live. */
  async duplicates(): Promise<number> {
    const counts = this.deployment.sinks.filter((sink) => !isGone(sink)).map(duplicatesOf);
    return (await Promise.all(counts)).reduce((sum, of) => sum + of, 0);
  }

  /** Keeps what all processes have said, for people; returns the directory. */
  async keepLogs(): Promise<string> {
    const directory = await mkdtemp(path.join(tmpdir(), 'edxstream-fault-logs-'));
    const { ingests, sinks, loads } = this.deployment;
    for (const [name, all] of Object.entries({ ingests, sinks, loads })) {
      for (const [at, running] of all.entries()) {
        await writeFile(path.join(directory, `${name}-${at}.txt`), running.said());
      }
    }
    return directory;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.deployment[Symbol.asyncDispose]();
  }
}

export function isGone({ child }: Running): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function count(processes: readonly Running[], text: string): number {
  return processes.reduce((sum, running) => sum + running.said().split(text).length - 1, 0);
}

async function duplicatesOf(sink: Running): Promise<number> {
  const url = /"url":"([^"]+)"/.exec(sink.said())?.[1];
  if (url === undefined) return 0;
  const metrics = await fetch(`${url}/metrics`)
    .then((response) => response.text())
    .catch(() => '');
  return Number(/^edxstream_duplicates_ignored_total (\d+)/m.exec(metrics)?.[1] ?? 0);
}
