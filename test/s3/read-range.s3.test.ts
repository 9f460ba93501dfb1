/** Ranges of an object over a way that breaks: every byte once and in order, or an error that says why. */
import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { ObjectMember } from '#shared/objectstore/object-member';
import { readBytes, readRange } from '#shared/objectstore/read-range';
import type { StoredObject, StoreSettings } from '#shared/objectstore/stored-object';
import { CREDENTIALS, storeBench } from '../support/store-bench.js';

const bench = storeBench();
const content = randomBytes(12 << 20);
let etag = '';

Object.assign(process.env, CREDENTIALS);

beforeAll(async () => {
  await bench().makeBucket('course-data');
  etag = await bench().put('course-data', 'a.tar', content);
});

function object(changes: Partial<StoreSettings> = {}): StoredObject {
  const store = bench().settings(changes);
  return { store, bucket: 'course-data', key: 'a.tar', etag, bytes: content.length };
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function read(member: ObjectMember, countMax = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of member.open()) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= countMax) break;
  }
  return Buffer.concat(chunks);
}

test('a range comes as it is stored, by one request', async () => {
  bench().proxy.reset();
  const range = await readBytes(object(), { offset: 1_000_001, bytes: 3_000_000 });
  expect(digest(range)).toBe(digest(content.subarray(1_000_001, 4_000_001)));
  expect(bench().proxy.requests.map(({ range }) => range)).toEqual(['bytes=1000001-4000000']);
});

test('after a cut, a stall and SlowDown a range goes on from where it broke off', async () => {
  const { proxy } = bench();
  proxy.reset((_, count) => {
    if (count === 1) return { kind: 'cut', afterBytes: 2_000_000 };
    if (count === 2) return { kind: 'answer', status: 503, code: 'SlowDown' };
    if (count === 3) return { kind: 'stall', afterBytes: 3_000_000 };
    return undefined;
  });
  const range = await readBytes(object(), { offset: 0, bytes: content.length });
  expect(digest(range)).toBe(digest(content));
  const starts = proxy.requests.map(({ range }) => Number(/=(\d+)-/.exec(range)?.[1]));
  expect(starts).toEqual([0, 2_000_000, 2_000_000, 5_000_000]);
});

test('of an object that was replaced between two requests no second byte is taken', async () => {
  const { proxy } = bench();
  etag = await bench().put('course-data', 'b.tar', content);
  const old: StoredObject = { ...object(), key: 'b.tar' };
  proxy.reset(async (_, count) => {
    if (count === 1) return { kind: 'cut', afterBytes: 1_000_000 };
    await bench().put('course-data', 'b.tar', randomBytes(12 << 20));
    return undefined;
  });
  let bytes = 0;
  const reading = (async () => {
    for await (const chunk of readRange(old, { offset: 0, bytes: content.length })) {
      bytes += chunk.length;
    }
  })();
  await expect(reading).rejects.toThrow('s3://course-data/b.tar was replaced');
  expect(bytes).toBe(1_000_000);
});

test('a store that only ever cuts is given up as unreachable, after the attempts allowed', async () => {
  const { proxy } = bench();
  proxy.reset(() => ({ kind: 'cut', afterBytes: 0 }));
  const reading = readBytes(object({ attemptsMax: 2 }), { offset: 0, bytes: 1000 });
  await expect(reading).rejects.toMatchObject({ code: 'S3_UNREACHABLE' });
  expect(proxy.requests.length).toBeLessThanOrEqual(4);
});

test.each([
  [403, 'AccessDenied', 'S3_ACCESS_DENIED'],
  [403, 'InvalidAccessKeyId', 'S3_CREDENTIALS'],
  [400, 'ExpiredToken', 'S3_CREDENTIALS_EXPIRED'],
  [403, 'RequestTimeTooSkewed', 'S3_CLOCK'],
  [400, 'AuthorizationHeaderMalformed', 'S3_WRONG_REGION'],
  [404, 'NoSuchBucket', 'S3_NOT_FOUND'],
  [503, 'SlowDown', 'S3_THROTTLED'],
  [400, 'InvalidRequest', 'S3_REFUSED'],
  [500, 'InternalError', 'S3_UNREACHABLE'],
])('an answer %i %s is told as %s', async (status, code, told) => {
  bench().proxy.reset(() => ({ kind: 'answer', status, code }));
  const reading = readBytes(object({ attemptsMax: 1 }), { offset: 0, bytes: 10 });
  await expect(reading).rejects.toMatchObject({ code: told });
});

test('a member that is read twice is fetched once, and nothing of it is left in the spool', async () => {
  const { proxy } = bench();
  const whole = { offset: 100, bytes: content.length - 300 };
  const expected = digest(content.subarray(100, -200));
  const names = await readdir(bench().directory);
  for (const range of [whole, { offset: 7, bytes: 2_500_000 }]) {
    proxy.reset();
    await using member = new ObjectMember(object(), range);
    const first = await read(member);
    const second = await read(member);
    expect(first.equals(second)).toBe(true);
    if (range === whole) expect(digest(first)).toBe(expected);
    expect(proxy.requests).toHaveLength(1);
    expect(await readdir(bench().directory)).toEqual(names);
  }
});

test('a second reading goes on from the store where the first had left', async () => {
  const { proxy } = bench();
  for (const bytes of [5_000_000, content.length]) {
    proxy.reset();
    await using member = new ObjectMember(object(), { offset: 0, bytes });
    expect((await read(member, 2_000_000)).length).toBeGreaterThanOrEqual(2_000_000);
    expect(digest(await read(member))).toBe(digest(content.subarray(0, bytes)));
    expect(proxy.requests).toHaveLength(1);
  }
});
