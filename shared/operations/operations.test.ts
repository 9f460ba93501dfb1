import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { EdxstreamError } from '#shared/errors';
import { runUntilStopped } from '#shared/operations/drain';
import { recordLogFile, recordRetry, recordRun } from '#shared/operations/facts';
import { Health } from '#shared/operations/health';
import { openLog } from '#shared/operations/log';
import { METRICS } from '#shared/operations/metric-table';
import { newMetrics } from '#shared/operations/metrics';
import { openOperations } from '#shared/operations/operations';
import { RepeatedFaults } from '#shared/operations/repeated-faults';

const FREE = { host: '127.0.0.1', port: 0 };

function memoryLog(level: 'debug' | 'info' = 'info') {
  const lines: Record<string, unknown>[] = [];
  const to = { write: (text: string) => void lines.push(JSON.parse(text)) };
  return { lines, to, log: openLog({ service: 'sink', level, to }) };
}

function open(to: { write(text: string): void }) {
  return openOperations({
    service: 'sink',
    version: '1.2.3',
    level: 'info',
    listen: FREE,
    logTo: to,
  });
}

/** A sample of the text format, read by its grammar and not by prom-client. */
function sample(text: string, name: string, labels = ''): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${name}${labels} `));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')));
}

test('every metric of the table is served, with what it means', async () => {
  const { to } = memoryLog();
  await using operations = await open(to);
  const answer = await fetch(`${operations.url}/metrics`);
  expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  const text = await answer.text();
  for (const { name, about, kind } of Object.values(METRICS)) {
    expect(text).toContain(`# HELP ${name} ${about}`);
    expect(text).toContain(`# TYPE ${name} ${kind}`);
  }
  expect(text).toContain('process_resident_memory_bytes');
  expect(sample(text, 'edxstream_build_info', '{version="1.2.3",service="sink"}')).toBe(1);
});

test('names of metrics say their unit, and only counters end in _total', () => {
  for (const { name, kind } of Object.values(METRICS)) {
    expect(name.endsWith('_total')).toBe(kind === 'counter');
    expect(name).not.toMatch(/milliseconds|_ms\b|kilobytes|percent/);
  }
});

test('the age of a watermark grows while it stands, and goes with its partition', async () => {
  let nowMs = 1000;
  const metrics = newMetrics({ service: 'sink', version: '1', nowMs: () => nowMs });
  metrics.watermarkMoved(3, 1_382_486_400_000_000);
  nowMs += 42_500;
  const age = 'edxstream_watermark_age_seconds';
  expect(sample(await metrics.registry.metrics(), age, '{partition="3"}')).toBe(42.5);
  const at = sample(
    await metrics.registry.metrics(),
    'edxstream_watermark_timestamp_seconds',
    '{partition="3"}',
  );
  expect(at).toBe(1_382_486_400);
  metrics.watermarkMoved(3, 1_382_572_800_000_000);
  expect(sample(await metrics.registry.metrics(), age, '{partition="3"}')).toBe(0);
  metrics.partitionLeft(3);
  expect(sample(await metrics.registry.metrics(), age, '{partition="3"}')).toBeUndefined();
});

test('a fact is logged and counted by one call', async () => {
  const { log, lines } = memoryLog('debug');
  const metrics = newMetrics({ service: 'sink', version: '1', nowMs: () => 0 });
  const facts = {
    log,
    metrics,
    faults: new RepeatedFaults(log, { windowMs: 1000, nowMs: () => 0 }),
  };
  recordLogFile(facts, {
    ...{ organization: 'U', site: 'prod', server: 'app-1', logDate: '2013-10-22' },
    ...{ outcome: 'loaded', lines: 10, lineBytes: 900, events: 7, late: 2, ms: 5 },
    rejectedByReason: { cut: 2, 'not-json': 1 },
  });
  recordRun(facts, { rows: 7, isEarly: true, seconds: 0.2 });
  recordRetry(facts, { system: 'warehouse', error: 'WAREHOUSE_UNREACHABLE', attempt: 1 });
  const text = await metrics.registry.metrics();
  expect(sample(text, 'edxstream_log_files_total', '{outcome="loaded"}')).toBe(1);
  expect(sample(text, 'edxstream_lines_total')).toBe(10);
  expect(sample(text, 'edxstream_line_bytes_total')).toBe(900);
  expect(sample(text, 'edxstream_events_total', '{stage="published"}')).toBe(7);
  expect(sample(text, 'edxstream_events_total', '{stage="loaded"}')).toBe(7);
  expect(sample(text, 'edxstream_late_events_total')).toBe(2);
  expect(sample(text, 'edxstream_rejected_lines_total', '{reason="cut"}')).toBe(2);
  expect(sample(text, 'edxstream_early_releases_total')).toBe(1);
  expect(sample(text, 'edxstream_retries_total', '{system="warehouse"}')).toBe(1);
  expect(sample(text, 'edxstream_insert_duration_seconds_bucket', '{le="0.25"}')).toBe(1);
  expect(lines.map(({ level, msg }) => `${level}: ${msg}`)).toEqual([
    'info: Log file read.',
    'debug: Run inserted.',
    'warn: A call failed and is made again.',
  ]);
  expect(lines[0]).toMatchObject({ service: 'sink', server: 'app-1', lines: 10 });
  expect(String(lines[0]?.['time'])).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
});

test('secrets never reach the log', () => {
  const { log, lines } = memoryLog();
  log.info({ password: 'abc', settings: { passphrase: 'def', data: '/srv' } }, 'Settings.');
  expect(JSON.stringify(lines)).not.toMatch(/abc|def/);
  expect(JSON.stringify(lines)).toContain('/srv');
});

test('a fault that repeats is told once, and then once a window with how often it came', () => {
  const { log, lines } = memoryLog();
  let nowMs = 0;
  const faults = new RepeatedFaults(log, { windowMs: 60_000, nowMs: () => nowMs });
  for (; nowMs < 150_000; nowMs += 1000) faults.warn('Away.', { at: nowMs });
  faults.warn('Another.', {});
  faults.flush();
  expect(lines.map(({ msg, times }) => [msg, times])).toEqual([
    ['Away.', undefined],
    ['Away.', 59],
    ['Away.', 59],
    ['Another.', undefined],
    ['Away.', 29],
  ]);
});

test('a loop that does not turn makes the process unhealthy, a missing condition only unready', async () => {
  let nowMs = 0;
  const health = new Health({ nowMs: () => nowMs });
  health.condition('kafka', false);
  health.turned('consume', { withinMs: 10_000 });
  expect([health.alive().ok, health.ready()]).toEqual([true, { ok: false, missing: ['kafka'] }]);
  health.condition('kafka', true);
  nowMs = 10_001;
  expect(health.ready().ok).toBe(true);
  expect(health.alive().missing).toEqual(['consume has not turned for 10001 ms']);
  health.ended('consume');
  expect(health.alive().ok).toBe(true);
});

test('what must be heard of is missing once it was silent for too long, until it is heard of again', () => {
  let nowMs = 0;
  const health = new Health({ nowMs: () => nowMs });
  health.condition('kafka', true);
  health.heard('kafka', { withinMs: 6000 });
  nowMs = 6000;
  expect(health.ready()).toEqual({ ok: true, missing: [] });
  nowMs = 6001;
  expect(health.ready()).toEqual({ ok: false, missing: ['kafka'] });
  health.heard('kafka', { withinMs: 6000 });
  expect([health.ready().ok, health.alive().ok]).toEqual([true, true]);
});

test('/healthz and /readyz answer 200 or 503 with what is missing; other paths and methods are refused', async () => {
  const { to } = memoryLog();
  await using operations = await open(to);
  const status = async (path: string, method = 'GET') =>
    (await fetch(`${operations.url}${path}`, { method })).status;
  expect([await status('/healthz'), await status('/readyz')]).toEqual([200, 200]);
  operations.health.condition('warehouse', false);
  const unready = await fetch(`${operations.url}/readyz`);
  expect([unready.status, await unready.json()]).toEqual([
    503,
    { ok: false, missing: ['warehouse'] },
  ]);
  expect([await status('/healthz'), await status('/'), await status('/metrics', 'POST')]).toEqual([
    200, 404, 405,
  ]);
});

test('a port that is taken is told with where and what to do', async () => {
  const { to } = memoryLog();
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  const opening = openOperations({
    ...{ service: 'sink', version: '1', level: 'info', logTo: to },
    listen: { host: '127.0.0.1', port },
  });
  await expect(opening).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
  await expect(opening).rejects.toThrow(`127.0.0.1:${port}`);
  other.close();
});

test('work that finishes after the wish to stop has drained; it is unready meanwhile', async () => {
  const { log, lines } = memoryLog();
  const health = new Health({ nowMs: () => 0 });
  const stopping = new AbortController();
  const result = runUntilStopped(
    async ({ stop }) => {
      await new Promise((resolve) => stop.addEventListener('abort', resolve));
      return health.ready().missing;
    },
    { stop: stopping.signal, drainMs: 60_000, log, health },
  );
  stopping.abort();
  expect(await result).toEqual(['not draining']);
  expect(lines.at(-1)?.['msg']).toBe('Drained.');
});

test('work that does not finish in time is told to drop everything, and the process says so', async () => {
  const { log } = memoryLog();
  const health = new Health({ nowMs: () => 0 });
  let abandoned: unknown;
  const running = runUntilStopped(
    ({ abandon }) =>
      new Promise(() => {
        abandon.addEventListener('abort', () => {
          abandoned = abandon.reason;
        });
      }),
    { stop: AbortSignal.abort(), drainMs: 5, log, health },
  );
  await expect(running).rejects.toMatchObject({ code: 'DRAIN_TIMED_OUT' });
  expect(abandoned).toBeInstanceOf(EdxstreamError);
});

test('a fault of the work is passed on as it is', async () => {
  const { log } = memoryLog();
  const fault = new EdxstreamError('WAREHOUSE_FAILED', 'gone');
  const running = runUntilStopped(() => Promise.reject(fault), {
    ...{ stop: new AbortController().signal, drainMs: 5, log },
    health: new Health({ nowMs: () => 0 }),
  });
  await expect(running).rejects.toBe(fault);
});
