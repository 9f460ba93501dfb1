/**
 * Starts the front over chdb (clickhouse-front-process.ts) on a free port, kills it and starts it again on
 * the same directory and port, as a server that is gone and comes back.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROCESS = fileURLToPath(new URL('./clickhouse-front-process.ts', import.meta.url));
const { PATH: searchPath } = process.env;

export const FRONT_USER = 'loader';
export const FRONT_PASSWORD = 'open sesame: 100%';

export class ClickHouseFront implements AsyncDisposable {
  readonly #directory: string;
  #child: ChildProcess | undefined;
  port = 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async start(): Promise<ClickHouseFront> {
    const front = new ClickHouseFront(await mkdtemp(path.join(tmpdir(), 'edxstream-front-')));
    await front.up();
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What the command is given to use it, beside the address. */
  get environment(): Readonly<Record<string, string>> {
    return {
      EDXSTREAM_WAREHOUSE_USER: FRONT_USER,
      EDXSTREAM_WAREHOUSE_PASSWORD: FRONT_PASSWORD,
    };
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async up(): Promise<void> {
    const child = spawn(
      process.execPath,
      [
        '--conditions=source',
        '--import',
        'tsx',
        PROCESS,
        path.join(this.#directory, 'data'),
        String(this.port),
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          ...{ PATH: searchPath, FRONT_USER, FRONT_PASSWORD },
          // Each session and each pipe takes a thread while it waits.
          UV_THREADPOOL_SIZE: '32',
        },
      },
    );
    this.#child = child;
    for await (const line of createInterface({ input: child.stdout })) {
      const [word, port] = line.split(' ');
      if (word !== 'listening') continue;
      this.port = Number(port);
      return;
    }
    throw new Error('The front over chdb did not start.');
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Answers nobody until it may continue. */
  stop(): void {
    this.#child?.kill('SIGSTOP');
  }

  continue(): void {
    this.#child?.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
