/**
 * What can go wrong between the program and a store while packages are loaded: the tables are the same as
 * without, or the error is clear and the next run completes them.
 */
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import {
  type GeneratedPackages,
  generatePackages,
} from '../../services/generate/generate-packages.js';
import { PROFILES } from '../../services/generate/profile.js';
import { checksums } from '../support/checksums.js';
import { edxstream, type Run, summaryOf } from '../support/edxstream.js';
import { storeBench } from '../support/store-bench.js';
import type { FaultOf } from '../support/store-proxy.js';

const BUCKET = 'course-data';
const bench = storeBench();
let generated: GeneratedPackages;
/** What every load must come to. */
let expected: readonly string[];

beforeAll(async () => {
  generated = await generatePackages(bench().place(), {
    ...PROFILES.test,
    ...{ sites: ['prod'] as const, days: 6, packageIntervalDays: 2, eventsPerDay: 300 },
  });
  await bench().makeBucket(BUCKET);
  for (const [index, { tarPath, zipPath }] of generated.packages.entries()) {
    await bench().putFile(BUCKET, `${index}/${path.basename(tarPath)}`, tarPath);
    await bench().putFile(BUCKET, `${index}/${path.basename(zipPath)}`, zipPath);
  }
  const data = bench().place();
  const { tarPath = '', zipPath = '' } = generated.packages[1] ?? {};
  await edxstream(['load', tarPath, zipPath, ...keys(), '--data', data]);
  expected = await checksums(data);
}, 300_000);

function keys(): string[] {
  const { czarSecret, passphrase } = generated.keys;
  return ['--key', czarSecret, '--passphrase-file', passphrase];
}

interface LoadOptions {
  readonly from?: string;
  readonly faultOf?: FaultOf;
  readonly attempts?: number;
}

function load(data: string, { from = '1/', faultOf, attempts = 20 }: LoadOptions = {}) {
  bench().proxy.reset(faultOf);
  const environment = { EDXSTREAM_S3_STALL: '0.3s', EDXSTREAM_S3_ATTEMPTS: String(attempts) };
  const args = ['load', `s3://${BUCKET}/${from}`, ...keys(), '--data', data, '--json'];
  return bench().run(args, { environment });
}

/** edX itself failed to export some of the tables, which is status 1; nothing else may have gone wrong. */
async function expectSame(run: Run, data: string): Promise<void> {
  expect(run.status, run.stderr).toBe(1);
  expect(summaryOf(run).logFiles).toMatchObject({ failed: 0 });
  expect(await checksums(data)).toEqual(expected);
}

test.each([
  ['connections that are cut', 'cut' as const],
  ['bodies that fall silent', 'stall' as const],
])('%s, at every third request, leave no trace', async (_, kind) => {
  const data = bench().place();
  const run = await load(data, {
    faultOf: (_seen, count) => (count % 3 === 0 ? { kind, afterBytes: count * 37 } : undefined),
  });
  await expectSame(run, data);
});

test('SlowDown and errors of the store, every second time, leave no trace', async () => {
  const data = bench().place();
  const run = await load(data, {
    faultOf: (_seen, count) => {
      if (count % 2 === 0) return undefined;
      return count % 4 === 1
        ? { kind: 'answer', status: 503, code: 'SlowDown' }
        : { kind: 'answer', status: 500, code: 'InternalError' };
    },
  });
  await expectSame(run, data);
});

test.each([
  ['while it is indexed', 6],
  ['while its members are read', 20],
])('a tar that is replaced %s is indexed and loaded again by the same command', async (_, at) => {
  const [first, second] = generated.packages;
  const key = `replaced-${at}/${path.basename(second?.tarPath ?? '')}`;
  await bench().putFile(BUCKET, key, first?.tarPath ?? '');
  const data = bench().place();
  let isReplaced = false;
  const run = await load(data, {
    from: `replaced-${at}/`,
    faultOf: async (_seen, count) => {
      if (count !== at) return undefined;
      isReplaced = true;
      await bench().putFile(BUCKET, key, second?.tarPath ?? '');
      return undefined;
    },
  });
  expect(isReplaced).toBe(true);
  expect(summaryOf(run).failures, run.said).toBe(0);
  const logTables = (lines: readonly string[]) =>
    lines.filter((line) => /^(events|rejected_lines|log_files)\t/.test(line));
  expect(logTables(await checksums(data))).toEqual(logTables(expected));
});

test('credentials that expire half-way are told, what is in stays, and the next run completes', async () => {
  const data = bench().place();
  const run = await load(data, {
    faultOf: (_seen, count) =>
      count > 30 ? { kind: 'answer', status: 400, code: 'ExpiredToken' } : undefined,
  });
  expect(run.status).toBe(3);
  expect(run.stderr).toContain('S3_CREDENTIALS_EXPIRED');
  expect(run.stderr).toContain('Renew the credentials');
  await expectSame(await load(data), data);
});

test('a store that goes away half-way is told, and the next run completes', async () => {
  const data = bench().place();
  const run = await load(data, {
    faultOf: (_seen, count) => (count > 40 ? { kind: 'cut', afterBytes: 0 } : undefined),
    attempts: 3,
  });
  expect(run.status).toBe(3);
  expect(run.stderr).toContain('S3_UNREACHABLE');
  await expectSame(await load(data), data);
});
