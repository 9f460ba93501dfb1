/**
 * The figures that decide: each compares two measurements of the same run on the same machine, so they
 * mean something elsewhere too. Absolutes do not.
 */
import { PACES } from './measure-replay.js';
import { type Sample, type Side, type Spread, spreadOf } from './samples.js';

export interface Ratio {
  readonly name: string;
  /** Per run; its median is what counts. */
  readonly value: Spread;
  /** Undefined where nothing is promised. */
  readonly wanted: { readonly atLeast: number } | { readonly atMost: number } | undefined;
  readonly isLessBetter: boolean;
  readonly unit: 'times' | 'share' | 'GiB' | 'events/s' | 'ms';
}

interface RatioSpec extends Omit<Ratio, 'value' | 'isLessBetter'> {
  readonly isLessBetter?: true;
  readonly of: (run: Run) => number;
}

type Run = (measure: string, side?: Side) => Sample;

const SPECS: readonly RatioSpec[] = [
  {
    name: 'decrypt a core: edxstream against gpg -d',
    of: (run) => run('decrypt', 'gpg').cpuSeconds / run('decrypt').cpuSeconds,
    wanted: { atLeast: 1 },
    unit: 'times',
  },
  {
    name: 'load: edxstream against by hand',
    of: (run) => run('load', 'by hand').seconds / run('load').seconds,
    wanted: { atLeast: 1 },
    unit: 'times',
  },
  {
    name: 'load, processor time: edxstream against by hand',
    of: (run) => run('load', 'by hand').cpuSeconds / run('load').cpuSeconds,
    wanted: undefined,
    unit: 'times',
  },
  {
    name: 'load again, of the first load',
    of: (run) => run('load again').seconds / run('load').seconds,
    wanted: undefined,
    isLessBetter: true,
    unit: 'share',
  },
  {
    name: 'load one new day, of the first load',
    of: (run) => run('load one new day').seconds / run('load').seconds,
    wanted: { atMost: 0.05 },
    isLessBetter: true,
    unit: 'share',
  },
  {
    name: 'load from S3 on this machine, of the speed from disk',
    of: (run) => run('load').seconds / run('load from a store').seconds,
    wanted: { atLeast: 0.9 },
    unit: 'times',
  },
  {
    name: 'peak memory of a load from S3, of one from disk',
    of: (run) => run('load from a store').peakBytes / run('load').peakBytes,
    wanted: { atMost: 1.1 },
    isLessBetter: true,
    unit: 'times',
  },
  {
    name: 'load over Kafka, of the speed of the load in one process',
    of: (run) => run('load').seconds / run('load over Kafka').seconds,
    wanted: { atLeast: 0.5 },
    unit: 'times',
  },
  {
    name: 'load over Kafka, of the speed of one process into the same server',
    of: (run) => run('load into a server').seconds / run('load over Kafka').seconds,
    wanted: undefined,
    unit: 'times',
  },
  {
    name: 'load over Kafka, processor time, of that of the load in one process',
    of: (run) => run('load over Kafka').cpuSeconds / run('load').cpuSeconds,
    wanted: undefined,
    isLessBetter: true,
    unit: 'times',
  },
  {
    name: 'peak memory of the load',
    of: (run) => run('load').peakBytes / 2 ** 30,
    wanted: { atMost: 1.5 },
    isLessBetter: true,
    unit: 'GiB',
  },
  {
    name: 'peak memory for five times the days',
    of: (run) => run('load').peakBytes / run('load a fifth of the days').peakBytes,
    wanted: { atMost: 1.1 },
    isLessBetter: true,
    unit: 'times',
  },
  {
    name: 'replay at max, into a sink that discards',
    of: (run) => run('replay at max').events / run('replay at max').seconds,
    wanted: { atLeast: 200_000 },
    unit: 'events/s',
  },
  {
    name: 'peak memory of a replay of five times the events',
    of: (run) => run('replay at max').peakBytes / run('replay a fifth at max').peakBytes,
    wanted: { atMost: 1.1 },
    isLessBetter: true,
    unit: 'times',
  },
  ...PACES.map(
    (speed): RatioSpec => ({
      name: `replay at ${speed}: 99 of 100 events off by at most`,
      of: (run) => run(`replay at ${speed}: off by`).seconds * 1000,
      wanted: { atMost: 10 },
      isLessBetter: true,
      unit: 'ms',
    }),
  ),
  ...['events by course', 'learners by day', 'one learner in order'].map(
    (query): RatioSpec => ({
      name: `query, ${query}: edxstream against by hand`,
      of: (run) => run(`query: ${query}`, 'by hand').seconds / run(`query: ${query}`).seconds,
      wanted: undefined,
      unit: 'times',
    }),
  ),
];

/** Those ratios whose measurements were made; `runs` holds the samples run by run. */
export function ratiosOf(runs: readonly (readonly Sample[])[]): readonly Ratio[] {
  return SPECS.flatMap(({ of, ...spec }) => {
    const values = runs.flatMap((samples) => valueIn(samples, of));
    return values.length === 0 ? [] : [{ isLessBetter: false, ...spec, value: spreadOf(values) }];
  });
}

function valueIn(samples: readonly Sample[], of: RatioSpec['of']): number[] {
  let isComplete = true;
  const value = of((measure, side = 'edxstream') => {
    const found = samples.find((sample) => sample.measure === measure && sample.side === side);
    isComplete &&= found !== undefined;
    return found ?? NOTHING;
  });
  return isComplete ? [value] : [];
}

const NOTHING: Sample = {
  ...{ measure: '', side: 'edxstream', checksum: '' },
  ...{ seconds: 0, cpuSeconds: 0, peakBytes: 0, events: 0, plaintextBytes: 0 },
};

/** Undefined where nothing is promised. */
export function isReached({ value, wanted }: Ratio): boolean | undefined {
  if (wanted === undefined) return undefined;
  return 'atLeast' in wanted ? value.median >= wanted.atLeast : value.median <= wanted.atMost;
}
