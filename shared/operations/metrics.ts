/**
 * The metrics of one process, made from the table in metric-table.ts: a typed counter, gauge or histogram
 * for each entry, and beside them prom-client's own of the Node.js process (memory, event loop, garbage).
 *
 * Each process has a registry of its own; the global one of prom-client is not used, so that tests and
 * several services in one process do not meet in it.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { METRICS, type MetricSpec } from '#shared/operations/metric-table';

type LabelsOf<Spec> = Spec extends { readonly labels: readonly (infer Label extends string)[] }
  ? Label
  : never;

type MetricOf<Spec extends MetricSpec> = Spec['kind'] extends 'counter'
  ? Counter<LabelsOf<Spec>>
  : Spec['kind'] extends 'gauge'
    ? Gauge<LabelsOf<Spec>>
    : Histogram<LabelsOf<Spec>>;

export type Metrics = {
  readonly [Name in keyof typeof METRICS]: MetricOf<(typeof METRICS)[Name]>;
} & {
  readonly registry: Registry;
  /** Notes a watermark; its age is counted from now on. */
  readonly watermarkMoved: (partition: number, eventTimeUs: number) => void;
  /** Forgets a partition that another process has now, so that its age raises no alarm here. */
  readonly partitionLeft: (partition: number) => void;
};

export interface NewMetrics {
  /** Which process this is: `ingest`, `sink`. */
  readonly service: string;
  readonly version: string;
  /** Milliseconds that only ever grow. */
  readonly nowMs: () => number;
}

export function newMetrics({ service, version, nowMs }: NewMetrics): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const made = Object.fromEntries(
    Object.entries<MetricSpec>(METRICS).map(([name, spec]) => [name, make(spec, registry)]),
    // Each was made from its entry just above, by its kind.
  ) as unknown as { readonly [Name in keyof typeof METRICS]: MetricOf<(typeof METRICS)[Name]> };
  made.build.set({ version, service }, 1);
  made.ready.set(0);
  const movedAtMs = new Map<number, number>();
  // The age is counted when somebody asks, else it would be as old as the last change.
  Object.assign(made.watermarkAge, {
    collect(): void {
      for (const [partition, atMs] of movedAtMs) {
        made.watermarkAge.set({ partition }, Math.max(0, nowMs() - atMs) / 1000);
      }
    },
  });
  return {
    ...made,
    registry,
    watermarkMoved(partition, eventTimeUs) {
      movedAtMs.set(partition, nowMs());
      made.watermark.set({ partition }, eventTimeUs / 1e6);
    },
    partitionLeft(partition) {
      movedAtMs.delete(partition);
      for (const metric of [made.watermark, made.watermarkAge, made.lagRecords]) {
        metric.remove({ partition });
      }
    },
  };
}

function make(spec: MetricSpec, registry: Registry): Counter | Gauge | Histogram {
  const options = {
    name: spec.name,
    help: spec.about,
    labelNames: [...(spec.labels ?? [])],
    registers: [registry],
  };
  switch (spec.kind) {
    case 'counter':
      return new Counter(options);
    case 'gauge':
      return new Gauge(options);
    case 'histogram':
      return new Histogram({ ...options, buckets: [...(spec.buckets ?? [])] });
    default:
      return spec.kind satisfies never;
  }
}
