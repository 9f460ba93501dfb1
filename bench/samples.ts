/** What one measurement gave, and what several of the same come to. */
export type Side = 'edxstream' | 'by hand' | 'gpg';

export interface Sample {
  /** What was measured, such as `load`. */
  readonly measure: string;
  readonly side: Side;
  readonly seconds: number;
  /** User and system time of the process and all that it started. */
  readonly cpuSeconds: number;
  /** 0 where it was not measured. */
  readonly peakBytes: number;
  /** 0 where the measure is not one of events. */
  readonly events: number;
  readonly plaintextBytes: number;
  /** Of what was loaded or answered; the same for the same work. */
  readonly checksum: string;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Summary {
  readonly measure: string;
  readonly side: Side;
  readonly runs: number;
  readonly seconds: Spread;
  readonly cpuSeconds: Spread;
  readonly eventsPerSecond: Spread;
  readonly megabytesPerSecond: Spread;
  readonly megabytesPerCpuSecond: Spread;
  readonly cpuMicrosecondsPerEvent: Spread;
  readonly peakBytes: Spread;
  /** More than one: some runs did other work than others. */
  readonly checksums: readonly string[];
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  const median = sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
  return { median, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 };
}

/** One summary for each measure and side, in the order in which they first came. */
export function summarise(samples: readonly Sample[]): readonly Summary[] {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const name = `${sample.measure}\u0000${sample.side}`;
    groups.set(name, [...(groups.get(name) ?? []), sample]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const spread = (value: (sample: Sample) => number) => spreadOf(group.map(value));
    return {
      measure: first.measure,
      side: first.side,
      runs: group.length,
      seconds: spread(({ seconds }) => seconds),
      cpuSeconds: spread(({ cpuSeconds }) => cpuSeconds),
      eventsPerSecond: spread(({ events, seconds }) => events / seconds),
      megabytesPerSecond: spread(({ plaintextBytes, seconds }) => plaintextBytes / 1e6 / seconds),
      megabytesPerCpuSecond: spread((one) => one.plaintextBytes / 1e6 / one.cpuSeconds),
      cpuMicrosecondsPerEvent: spread(({ events, cpuSeconds }) =>
        events === 0 ? 0 : (cpuSeconds * 1e6) / events,
      ),
      peakBytes: spread(({ peakBytes }) => peakBytes),
      checksums: [...new Set(group.map(({ checksum }) => checksum))],
    };
  });
}
