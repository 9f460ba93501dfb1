/** Replays a course into a sink that discards, and says how long it took or how far from due events were. */
import { openEmbeddedWarehouse } from '#shared/warehouse/embedded';
import type * as replaying from '../../services/replay/replay.js';
import type * as clocks from '../../services/replay/replay-clock.js';
import type * as sources from '../../services/replay/warehouse-source.js';
import { importBuilt } from './built.js';
import { BUSY_COURSE, type ReplayAnswer, type ReplayInput } from './replay-input.js';

const { Replay } = await importBuilt<typeof replaying>('services/replay/replay');
const { systemClock } = await importBuilt<typeof clocks>('services/replay/replay-clock');
const { warehouseSource } = await importBuilt<typeof sources>('services/replay/warehouse-source');

// Written by bench/measure-replay.ts, the only caller.
const { data, speed, events: wanted } = JSON.parse(process.argv[2] ?? '{}') as ReplayInput;
await using warehouse = await openEmbeddedWarehouse(data, { command: 'bench' });
const scope = {
  sites: [],
  fromUs: undefined,
  toUs: undefined,
  where: undefined,
  skipUntimed: false,
};
const cpuBefore = process.cpuUsage();
const began = performance.now();
const replay = new Replay(warehouseSource(warehouse, { courses: [BUSY_COURSE], scope }), {
  start: { kind: 'at-time', timeUs: 0 },
  speed: speed ?? Number.POSITIVE_INFINITY,
  clock: systemClock,
  maxGapUs: Number.POSITIVE_INFINITY,
  signal: new AbortController().signal,
});
const offMs: number[] = [];
let [events, bytes, firstMs, firstUs] = [0, 0, 0, 0];
for await (const batch of replay) {
  const nowMs = performance.now();
  if (events === 0) {
    firstMs = nowMs;
    firstUs = batch[0]?.timeUs ?? 0;
  }
  for (const { timeUs, raw } of batch) {
    bytes += raw.length;
    if (speed !== null) offMs.push(Math.abs(nowMs - firstMs - (timeUs - firstUs) / 1000 / speed));
  }
  events += batch.length;
  if (events >= wanted) break;
}
const { user, system } = process.cpuUsage(cpuBefore);
offMs.sort((a, b) => a - b);
const answer: ReplayAnswer = {
  seconds: (performance.now() - began) / 1000,
  cpuSeconds: (user + system) / 1e6,
  firstEventSeconds: (firstMs - began) / 1000,
  offSecondsP99: (offMs[Math.floor(offMs.length * 0.99)] ?? 0) / 1000,
  ...{ events, bytes },
};
process.stdout.write(`${JSON.stringify(answer)}\n`);
