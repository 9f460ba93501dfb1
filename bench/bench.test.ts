/** The whole bench, tiny: that it runs and that both sides come to the same. No word about time. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { missingForKafka } from '../deploy/local/fetch-kafka.js';
import { canPack } from '../test/support/gpg-packages.js';
import { EXPERIMENTS, type ExperimentName, parseOptions } from './options.js';
import { isReached, ratiosOf } from './ratios.js';
import { warnings } from './render-report.js';
import { withTable } from './results.js';
import { runBench } from './run-bench.js';
import { type Sample, spreadOf, summarise } from './samples.js';

if (!canPack) console.warn('Not run, because gpg or tar is missing: bench/bench.test.ts');

/** A broker and the S3 server want the same: a JDK, and Maven to fetch them. */
const canServe = missingForKafka().length === 0;
const SERVED: readonly ExperimentName[] = ['store', 'kafka'];
const EVENTS = 3000;
const DAYS = 3;
const TIMEOUT_MS = 300_000;

describe.skipIf(!canPack)('a tiny bench', () => {
  let cache: string | undefined;
  afterAll(async () => {
    if (cache !== undefined) await rm(cache, { recursive: true, force: true });
  });

  test(
    'measures everything, and both sides read and load the same',
    async () => {
      cache = await mkdtemp(path.join(tmpdir(), 'bench-cache-'));
      const request = {
        events: EVENTS,
        days: DAYS,
        runs: 1,
        only: canServe ? EXPERIMENTS : EXPERIMENTS.filter((name) => !SERVED.includes(name)),
        keep: false,
        cache,
        paceSeconds: 0.5,
      };
      const { archive, runs } = await runBench(request, () => {});
      const samples = runs.flat();
      const checksum = (measure: string, side = 'edxstream') =>
        samples.find((sample) => sample.measure === measure && sample.side === side)?.checksum;

      expect(checksum('decrypt')).toBe(`${archive.plaintextBytes} bytes`);
      expect(checksum('decrypt', 'gpg')).toBe(checksum('decrypt'));
      expect(checksum('scan')).toContain(`${archive.lines} events, 0 rejected`);
      expect(checksum('merge')).toContain(`${archive.lines} events`);
      expect(checksum('load')).toContain(`${archive.lines} events`);
      expect(checksum('load', 'by hand')).toBe(checksum('load'));
      if (canServe) {
        expect(checksum('load from a store')).toBe(checksum('load'));
        for (const other of ['into a server', 'over Kafka']) {
          expect(checksum(`load ${other}`)).toBe(checksum('load'));
        }
      }
      expect(checksum('load again')).toContain(`${archive.lines} events`);
      expect(checksum('load a fifth of the days')).toContain(`${archive.fifthLines} events`);
      expect(Number.parseInt(checksum('load one new day') ?? '', 10)).toBeGreaterThan(
        archive.lines,
      );
      expect(checksum('replay at max')).toContain(`${EVENTS} events`);
      expect(warnings({ summaries: summarise(samples) })).toEqual([]);
      for (const { seconds, cpuSeconds } of samples) {
        expect(seconds).toBeGreaterThan(0);
        expect(cpuSeconds).toBeGreaterThan(0);
      }
      expect(samples.find(({ measure }) => measure === 'load')?.peakBytes).toBeGreaterThan(0);
      expect(ratiosOf(runs)).toHaveLength(canServe ? 20 : 15);
    },
    TIMEOUT_MS,
  );
});

const sample: Sample = {
  ...{ measure: 'load', side: 'edxstream', checksum: 'a' },
  ...{ seconds: 2, cpuSeconds: 4, peakBytes: 2 ** 30, events: 100, plaintextBytes: 8e6 },
};

test('the median of an even number of runs lies between the two in the middle', () => {
  expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
});

test('a ratio is taken run by run, and only where both sides were measured', () => {
  const byHand: Sample = { ...sample, side: 'by hand' };
  const runs = [[sample, { ...byHand, seconds: 3 }], [sample, { ...byHand, seconds: 5 }], [sample]];
  const ratio = ratiosOf(runs).find(({ name }) => name === 'load: edxstream against by hand');
  expect(ratio?.value).toEqual({ median: 2, min: 1.5, max: 2.5 });
  expect(ratio && isReached(ratio)).toBe(true);
});

test('a run that loaded other rows is pointed out', () => {
  const other = { ...sample, checksum: 'b' };
  expect(warnings({ summaries: summarise([sample, sample]) })).toEqual([]);
  expect(warnings({ summaries: summarise([sample, other]) })).not.toEqual([]);
  const byHand: Sample = { ...other, side: 'by hand' };
  expect(warnings({ summaries: summarise([sample, byHand]) })).not.toEqual([]);
});

test('the table of the README is put between its markers, whatever it holds', () => {
  const text = 'a\n<!-- bench -->\nold\n<!-- /bench -->\nb\n';
  expect(withTable(text, "costs $& and $'")).toBe(
    "a\n<!-- bench -->\ncosts $& and $'\n<!-- /bench -->\nb\n",
  );
  expect(() => withTable('no markers', '')).toThrow('<!-- bench -->');
});

test('an option that makes no sense is refused with what would', () => {
  expect(() => parseOptions(['--events', 'many'])).toThrow('--events many');
  expect(() => parseOptions(['--only', 'speed'])).toThrow(
    'decrypt, scan, merge, load, store, kafka, growth, replay',
  );
  expect(() => parseOptions(['--only', 'scan', '--accept'])).toThrow('--only');
});
