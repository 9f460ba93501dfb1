/** What `npm run bench -- …` was asked for. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export const EXPERIMENTS = [
  'decrypt',
  'scan',
  'merge',
  'load',
  'store',
  'kafka',
  'growth',
  'replay',
] as const;
export type ExperimentName = (typeof EXPERIMENTS)[number];

export interface BenchOptions {
  /** About how many events the archive of the first load holds. */
  readonly events: number;
  /** How many log dates they are spread over; one more is in the archive of the refresh. */
  readonly days: number;
  readonly runs: number;
  readonly only: readonly ExperimentName[];
  /** Leave the data directories of the last run in place, to look into them. */
  readonly keep: boolean;
  /** Make the ratios of this run those that later runs are compared with. */
  readonly accept: boolean;
  readonly writeReadme: boolean;
}

export const USAGE = `Measures edxstream on this machine, beside what one would do by hand.

Usage: npm run bench -- [options]

  --events <n>     events of the first load, about (default: 5000000)
  --days <n>       log dates they are spread over, at least 5 (default: 60)
  --runs <n>       how often each is measured (default: 3)
  --only <names>   of ${EXPERIMENTS.join(',')} (default: all)
  --keep           leave the data directories of the last run, and say where
  --accept         make this run the baseline (bench/baseline.json)
  --write-readme   write the table of README.md

This machine would use ${availableParallelism()} threads.
`;

/** @throws Error that says which option is wrong. */
export function parseOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      events: { type: 'string', default: '5000000' },
      days: { type: 'string', default: '60' },
      runs: { type: 'string', default: '3' },
      only: { type: 'string', default: EXPERIMENTS.join(',') },
      keep: { type: 'boolean', default: false },
      accept: { type: 'boolean', default: false },
      'write-readme': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const only = values.only.split(',').map(experimentOf);
  if ((values.accept || values['write-readme']) && only.length < EXPERIMENTS.length) {
    throw new Error('--accept and --write-readme want all experiments: leave out --only.');
  }
  return {
    events: whole('--events', values.events, 100),
    days: whole('--days', values.days, 1),
    runs: whole('--runs', values.runs, 1),
    only,
    keep: values.keep,
    accept: values.accept,
    writeReadme: values['write-readme'],
  };
}

function whole(option: string, text: string, min: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min) return value;
  throw new Error(`${option} ${text}: expected a whole number, ${min} at the least.`);
}

function experimentOf(name: string): ExperimentName {
  const known = EXPERIMENTS.find((experiment) => experiment === name.trim());
  if (known === undefined) throw new Error(`--only ${name}: expected ${EXPERIMENTS.join(', ')}.`);
  return known;
}
