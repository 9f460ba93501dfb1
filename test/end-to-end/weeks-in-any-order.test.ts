/**
 * Packages of three weeks of the generator, loaded in all orders and at once: the rows are those of
 * the newest alone, whatever came before it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type GeneratedPackages,
  generatePackages,
} from '../../services/generate/generate-packages.js';
import { PROFILES } from '../../services/generate/profile.js';
import { checksums } from '../support/checksums.js';
import { type Place, summaryOf } from '../support/edxstream.js';
import { type LoadPlaces, openLoadPlaces } from '../support/load-places.js';

let directory: string;
let generated: GeneratedPackages;
let places: LoadPlaces;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'edxstream-test-'));
  generated = await generatePackages(path.join(directory, 'packages'), {
    ...PROFILES.test,
    days: 21,
    weeks: 3,
  });
  places = await openLoadPlaces();
});

afterAll(async () => {
  await places?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

function load(place: Place, packages: readonly string[]) {
  const { czarSecret, passphrase } = generated.keys;
  const keys = ['--key', czarSecret, '--passphrase-file', passphrase];
  return places.load(place, packages, [...keys, '--json']);
}

/** Both packages of a week, counted from 0. */
function week(number: number): string[] {
  const one = generated.packages[number];
  if (one === undefined) throw new Error(`There is no week ${number}.`);
  return [one.tarPath, one.zipPath];
}

const LOG_TABLES = /^(events|rejected_lines|log_files)\t/;

test('three weeks one after the other, in every order, and all at once, give the same rows', async () => {
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  const atOnce = await places.fresh();
  await load(atOnce, [0, 1, 2].flatMap(week));
  const expected = await checksums(atOnce);
  for (const order of orders) {
    const place = await places.fresh();
    for (const number of order) await load(place, week(number));
    expect({ order, tables: await checksums(place) }).toEqual({ order, tables: expected });
  }
  const alone = await places.fresh();
  await load(alone, week(2));
  const newest = (await checksums(alone)).filter((line) => LOG_TABLES.test(line));
  expect(newest).toHaveLength(3);
  expect(newest).toEqual(expected.filter((line) => LOG_TABLES.test(line)));
}, 300_000);

test('a week loaded twice adds nothing and says that everything was unchanged', async () => {
  const twice = await places.fresh();
  await load(twice, week(1));
  const before = await checksums(twice);
  const again = await load(twice, week(1));
  expect(await checksums(twice)).toEqual(before);
  const { logFiles, databaseFiles, lines } = summaryOf(again);
  expect(logFiles).toMatchObject({ new: 0, grown: 0, replaced: 0, same: 0, failed: 0 });
  expect(logFiles.unchanged).toBeGreaterThan(30);
  expect(databaseFiles).toMatchObject({ loaded: 0, rows: 0 });
  expect(lines).toMatchObject({ lines: 0, events: 0 });
}, 120_000);
