/**
 * Starts the front over chdb (clickhouse-front-process.ts) on a free port, kills it and starts it again on
 * the same directory and port, as a server that is gone and comes back.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
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

  /** On a database of its own: empty, or a copy of what another front had when it was killed. */
  static async start({
    copyOf,
  }: {
    readonly copyOf?: ClickHouseFront;
  } = {}): Promise<ClickHouseFront> {
    const front = new ClickHouseFront(await mkdtemp(path.join(tmpdir(), 'edxstream-front-')));
    if (copyOf !== undefined) {
      const [from, to] = [copyOf, front].map((one) => path.join(one.#directory, 'data'));
      await cp(from ?? '', to ?? '', { recursive: true, verbatimSymlinks: true });
    }
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

  /** Asks what stands behind the front, by a plain request. */
  async ask(sql: string, format: string): Promise<string> {
    const response = await fetch(this.url, {
      method: 'POST',
      body: `${sql} FORMAT ${format}`,
      headers: { 'X-ClickHouse-User': FRONT_USER, 'X-ClickHouse-Key': FRONT_PASSWORD },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`The front answers ${response.status}: ${sql}\n${text}`);
    return text;
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
          // Its pipes go with the rest, however it ends.
          TMPDIR: this.#directory,
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
