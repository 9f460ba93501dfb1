/**
 * Runs the built program in a process of its own, as a user would. A data directory belongs to one
 * process at a time, so tests look into it through the program as well.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const { PATH: searchPath } = process.env;
const ROOT = path.resolve(import.meta.dirname, '../..');
const PACKAGE = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
const PROGRAM = path.join(ROOT, PACKAGE.bin.edxstream);

export interface Run {
  /** null where a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** All that it said, to people and as records. */
  readonly said: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Run>;
  /** All that it has said so far. */
  said(): string;
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export function start(args: readonly string[], options: RunOptions = {}): Running {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // No colours and no passphrase of the person who runs the tests.
    env: { PATH: searchPath, NO_COLOR: '1', ...options.environment },
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => {}); // it may end without reading
  child.stdin.end(options.input ?? '');
  const ended = new Promise<Run>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      const out = Buffer.concat(stdout).toString();
      const err = Buffer.concat(stderr).toString();
      resolve({ status, stdout: out, stderr: err, said: `${err}${out}` });
    });
  });
  return { child, ended, said: () => Buffer.concat([...stderr, ...stdout]).toString() };
}

export function edxstream(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return start(args, options).ended;
}

export interface Row {
  readonly [column: string]: unknown;
}

/** A data directory, or a server with what its user is told by. */
export type Place =
  | string
  | { readonly url: string; readonly environment: Readonly<Record<string, string>> };

/** A place, or what answers by itself, without the program. */
export type Asked = Place | { readonly ask: (sql: string, format: string) => Promise<string> };

/** Runs a query through the program, if it is not answered without it, and returns what it printed. */
export async function queryOf(place: Asked, sql: string, format: string): Promise<string> {
  if (typeof place !== 'string' && 'ask' in place) return place.ask(sql, format);
  const where = typeof place === 'string' ? ['--data', place] : ['--warehouse', place.url];
  const { status, stdout, stderr } = await edxstream(
    ['query', ...where, '--format', format, sql],
    typeof place === 'string' ? {} : { environment: place.environment },
  );
  if (status !== 0) throw new Error(`The query ended with ${status}: ${sql}\n${stderr}`);
  return stdout;
}

/** The rows of a query; numbers of 64 bits come as text. */
export async function rowsOf<T extends object = Row>(place: Asked, sql: string): Promise<T[]> {
  const stdout = await queryOf(
    place,
    `${sql} SETTINGS output_format_json_quote_64bit_integers = 1`,
    'JSONEachRow',
  );
  const lines = stdout.split('\n').filter((line) => line !== '');
  // The test that asks names the columns of its own query.
  return lines.map((line) => JSON.parse(line) as T);
}

/** What the closing record of a load says, as far as tests ask for it. */
export interface LoadSummary {
  readonly exitStatus: number;
  readonly failures: number;
  readonly lines: {
    readonly lines: number;
    readonly events: number;
    readonly masked: number;
    readonly superseded: number;
    readonly rejectedByReason: Readonly<Record<string, number>>;
  };
  readonly logFiles: { readonly unchanged: number };
  readonly databaseFiles: { readonly unchanged: number };
}

/** The closing record of a load that ran with --json. */
export function summaryOf(run: Run): LoadSummary {
  for (const line of run.stdout.split('\n')) {
    if (!line.startsWith('{')) continue;
    const record = JSON.parse(line);
    if (record.type === 'summary') return record.data;
  }
  throw new Error(`There is no summary; status ${run.status}\n${run.said}`);
}
