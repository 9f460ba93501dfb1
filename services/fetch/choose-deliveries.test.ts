import { expect, test } from 'vitest';
import { chooseDeliveries } from './choose-deliveries.js';
import type { Delivery } from './find-deliveries.js';

const STORE = { isPathStyle: false, attemptsMax: 1, stallMs: 1, spool: '' };

function aDelivery(kind: Delivery['kind'], date: string, site = ''): Delivery {
  const key = `${kind}-${site}-${date}`;
  return { kind, date, site, object: { store: STORE, bucket: 'b', key, etag: key, bytes: 1 } };
}

function keys(deliveries: readonly Delivery[]): string[] {
  return deliveries.map(({ object }) => object.key);
}

const WEEKS = ['2014-08-03', '2014-08-10', '2014-08-17'];
const PACKAGES = WEEKS.flatMap((date) => [
  aDelivery('tracking', date),
  aDelivery('database', date),
]);

test('of tars and zips the newest is wanted, of daily files every one', () => {
  const daily = [
    aDelivery('daily', '2014-08-16', 'prod'),
    aDelivery('daily', '2014-08-17', 'edge'),
  ];
  const { chosen, superseded, missing } = chooseDeliveries([...PACKAGES, ...daily], {
    snapshots: 'newest',
  });
  expect(keys(chosen)).toEqual([
    ...['tracking--2014-08-17', 'database--2014-08-17'],
    ...['daily-prod-2014-08-16', 'daily-edge-2014-08-17'],
  ]);
  expect(superseded).toHaveLength(4);
  expect(missing).toEqual([]);
});

test('where all snapshots are asked for, every zip is wanted and still one tar', () => {
  const { chosen } = chooseDeliveries(PACKAGES, { snapshots: 'all' });
  expect(chosen.filter(({ kind }) => kind === 'database')).toHaveLength(3);
  expect(chosen.filter(({ kind }) => kind === 'tracking')).toHaveLength(1);
});

test('weeks and days that are missing are told, for each site on its own', () => {
  const some = [
    ...[aDelivery('tracking', '2014-08-03'), aDelivery('tracking', '2014-08-17')],
    ...['2014-08-01', '2014-08-03', '2014-08-07'].map((day) => aDelivery('daily', day, 'prod')),
    ...['2014-08-01', '2014-08-02'].map((day) => aDelivery('daily', day, 'edge')),
  ];
  expect(chooseDeliveries(some, { snapshots: 'newest' }).missing).toEqual([
    'no tracking tar between 2014-08-03 and 2014-08-17',
    'no daily log file of prod for 2014-08-02',
    'no daily log file of prod for 2014-08-04 to 2014-08-06 (3 days)',
  ]);
});
