/**
 * What a long-running process is operated by, in one piece: log, metrics, health, and the HTTP side.
 *
 *   await using operations = await openOperations({ service: 'sink', … });
 *   operations.health.condition('kafka', true);
 *   await runUntilStopped((signals) => work(operations, signals), { …operations, stop, drainMs });
 */
import type { DestinationStream } from 'pino';
import { Health } from '#shared/operations/health';
import { type Log, type LogLevel, openLog } from '#shared/operations/log';
import { type Metrics, newMetrics } from '#shared/operations/metrics';
import { RepeatedFaults } from '#shared/operations/repeated-faults';
import { type ListenAddress, serveOperations } from '#shared/operations/serve-operations';

export interface Operations extends AsyncDisposable {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly faults: RepeatedFaults;
  /** Where /metrics, /healthz and /readyz are served. */
  readonly url: string;
}

export interface OpenOperations {
  /** Which process this is: `ingest`, `sink`. */
  readonly service: string;
  readonly version: string;
  readonly level: LogLevel;
  readonly listen: ListenAddress;
  readonly logTo: DestinationStream;
}

const FAULT_WINDOW_MS = 60_000;

/** @throws EdxstreamError LISTEN_FAILED. */
export async function openOperations(options: OpenOperations): Promise<Operations> {
  const { service, version, level, listen, logTo } = options;
  const nowMs = (): number => performance.now();
  const log = openLog({ service, level, to: logTo });
  const metrics = newMetrics({ service, version, nowMs });
  const health = new Health({ nowMs });
  const faults = new RepeatedFaults(log, { windowMs: FAULT_WINDOW_MS, nowMs });
  const server = await serveOperations({ listen, metrics, health });
  log.info({ url: server.url, version, pid: process.pid }, 'Started.');
  return {
    ...{ log, metrics, health, faults, url: server.url },
    async [Symbol.asyncDispose]() {
      faults.flush();
      await server[Symbol.asyncDispose]();
      log.info('Ended.');
    },
  };
}
