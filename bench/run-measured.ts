/**
 * Runs a command in a process of its own and says what it took: the clock, the processor time of it and of
 * all that it started and waited for (the shell's `times`), and, of a Node.js program, the peak of its
 * resident memory.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface ProcessCost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** 0 where the command is no Node.js program. */
  readonly peakBytes: number;
  readonly stdout: string;
}

const REPORT_PEAK = path.join(import.meta.dirname, 'report-peak.cjs');

/** Of a Node.js program the arguments only; it is run as Node.js here is. */
export type Command = { readonly node: readonly string[] } | { readonly shell: string };

/** @throws Error with what the command said, where it did not end well. */
export async function runMeasured(
  command: Command,
  environment: Readonly<Record<string, string>> = {},
): Promise<ProcessCost> {
  const directory = await mkdtemp(path.join(tmpdir(), 'bench-'));
  const peakFile = path.join(directory, 'peak');
  const words =
    'node' in command
      ? [process.execPath, '--require', REPORT_PEAK, ...command.node]
      : ['sh', '-c', command.shell];
  try {
    const began = performance.now();
    const ended = await run(words, { BENCH_PEAK_FILE: peakFile, ...environment });
    const seconds = (performance.now() - began) / 1000;
    const peak = await readFile(peakFile, 'utf8').catch(() => '0');
    return { seconds, peakBytes: Number(peak), ...ended };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function run(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly cpuSeconds: number; readonly stdout: string }> {
  const { PATH: searchPath } = process.env;
  const child = spawn(
    'sh',
    ['-c', '"$@" 3>&-; status=$?; times >&3; exit $status', 'sh', ...words],
    {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      // UTC, so that times without an offset mean the same to every program.
      env: { PATH: searchPath, TZ: 'UTC', NO_COLOR: '1', ...environment },
    },
  );
  const [stdout, stderr, times] = [1, 2, 3].map((descriptor) => {
    const chunks: Buffer[] = [];
    child.stdio[descriptor]?.on('data', (chunk: Buffer) => chunks.push(chunk));
    return chunks;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const text = (chunks: readonly Buffer[] = []) => Buffer.concat(chunks).toString();
  if (status !== 0) {
    throw new Error(`${words.join(' ').slice(0, 400)}\nended with ${status}: ${text(stderr)}`);
  }
  return { cpuSeconds: childrenSeconds(text(times)), stdout: text(stdout) };
}

/** The second line of `times`: user and system time of the children, such as `0m1.23s 0m0.45s`. */
function childrenSeconds(times: string): number {
  const line = times.trim().split('\n')[1] ?? '';
  let seconds = 0;
  for (const [, minutes, rest] of line.matchAll(/(\d+)m([\d.]+)s/g)) {
    seconds += Number(minutes) * 60 + Number(rest);
  }
  return seconds;
}
