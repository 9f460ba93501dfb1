/** What stays of a bench: its result as JSON, the ratios that later runs are compared with, the README. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Archive } from './archive.js';
import type { Machine } from './machine.js';
import { type BenchOptions, EXPERIMENTS } from './options.js';
import type { Ratio } from './ratios.js';
import type { Sample, Summary } from './samples.js';

const BASELINE = path.join(import.meta.dirname, 'baseline.json');
const README = path.resolve(import.meta.dirname, '../README.md');

export interface BenchResult {
  readonly date: string;
  readonly commit: string;
  readonly machine: Machine;
  readonly archive: Pick<Archive, 'lines' | 'plaintextBytes' | 'storedBytes'> & {
    readonly days: number;
    readonly logFiles: number;
  };
  readonly ratios: readonly Ratio[];
  readonly summaries: readonly Summary[];
  readonly runs: readonly (readonly Sample[])[];
}

export interface Baseline {
  readonly date: string;
  readonly commit: string;
  readonly machine: Machine;
  readonly events: number;
  /** The median of each ratio. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** Returns the path that was written. */
export async function writeResult(
  result: BenchResult,
  { events, only }: Pick<BenchOptions, 'events' | 'only'>,
): Promise<string> {
  // A part does not take the place of a whole result of the same day.
  const part = only.length < EXPERIMENTS.length ? `-${only.join('-')}` : '';
  const directory = path.join(import.meta.dirname, 'results');
  await mkdir(directory, { recursive: true });
  const file = path.join(directory, `${result.date.slice(0, 10)}-${events}${part}.json`);
  await writeFile(file, `${JSON.stringify(result, undefined, 1)}\n`);
  return file;
}

/** Undefined where no run was accepted yet. */
export async function readBaseline(): Promise<Baseline | undefined> {
  const text = await readFile(BASELINE, 'utf8').catch(() => undefined);
  // Our own file; see writeBaseline.
  return text === undefined ? undefined : (JSON.parse(text) as Baseline);
}

export async function writeBaseline({ date, commit, machine, ...result }: BenchResult) {
  const ratios = Object.fromEntries(result.ratios.map(({ name, value }) => [name, value.median]));
  const baseline: Baseline = { date, commit, machine, events: result.archive.lines, ratios };
  await writeFile(BASELINE, `${JSON.stringify(baseline, undefined, 1)}\n`);
}

export async function writeReadme(table: string): Promise<void> {
  const text = await readFile(README, 'utf8');
  await writeFile(README, withTable(text, table));
}

/** @throws Error where the markers are not there. */
export function withTable(text: string, table: string): string {
  const marked = /<!-- bench -->[\s\S]*?<!-- \/bench -->/;
  if (!marked.test(text)) throw new Error('README.md has no <!-- bench --> … <!-- /bench -->.');
  return text.replace(marked, () => `<!-- bench -->\n${table}\n<!-- /bench -->`);
}
