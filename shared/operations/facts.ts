/**
 * Facts of a long-running process, each logged and counted by one function, so that the two agree. One call
 * for a log file, a run or a fault, never for an event.
 */
import type { Log } from '#shared/operations/log';
import type { Metrics } from '#shared/operations/metrics';
import type { RepeatedFaults } from '#shared/operations/repeated-faults';

/** What facts are told to. */
export interface FactSink {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly faults: RepeatedFaults;
}

export interface LogFileFact {
  readonly organization: string;
  readonly site: string;
  readonly server: string;
  readonly logDate: string;
  readonly outcome: 'loaded' | 'same' | 'superseded' | 'failed' | 'taken_over';
  /** Why it failed. */
  readonly reason?: string;
  readonly lines: number;
  readonly lineBytes: number;
  readonly events: number;
  readonly late: number;
  readonly rejectedByReason: Readonly<Record<string, number>>;
  readonly ms: number;
}

/** A log file was read to its end and published. */
export function recordLogFile({ log, metrics }: FactSink, fact: LogFileFact): void {
  metrics.logFiles.inc({ outcome: fact.outcome });
  metrics.lines.inc(fact.lines);
  metrics.lineBytes.inc(fact.lineBytes);
  metrics.events.inc({ stage: 'published' }, fact.events);
  metrics.late.inc(fact.late);
  for (const [reason, lines] of Object.entries(fact.rejectedByReason)) {
    metrics.rejected.inc({ reason }, lines);
  }
  if (fact.outcome === 'failed') log.error(fact, 'Log file failed.');
  else log.info(fact, 'Log file read.');
}

export interface RunFact {
  readonly rows: number;
  readonly isEarly: boolean;
  readonly seconds: number;
}

/** A merged run is in the warehouse. */
export function recordRun({ log, metrics }: FactSink, fact: RunFact): void {
  metrics.events.inc({ stage: 'loaded' }, fact.rows);
  metrics.insertSeconds.observe(fact.seconds);
  if (fact.isEarly) metrics.earlyReleases.inc();
  log.debug(fact, 'Run inserted.');
}

/** A call to another system failed and is made again. */
export function recordRetry(
  { metrics, faults }: FactSink,
  fact: {
    readonly system: 'kafka' | 'warehouse' | 'packages';
    readonly error: string;
    readonly attempt: number;
  },
): void {
  metrics.retries.inc({ system: fact.system });
  faults.warn('A call failed and is made again.', fact);
}
