/** A replay of a course that lies on a server: the same lines, and what is loaded while it follows. */
import { afterAll, test as anyTest, beforeAll, expect } from 'vitest';
import { ClickHouseFront } from '../support/clickhouse-front.js';
import { edxstream, start } from '../support/edxstream.js';
import { canPack } from '../support/gpg-packages.js';
import { LoadedPackages } from '../support/loaded-packages.js';
import { wait } from '../support/two-weeks.js';

const test = anyTest.skipIf(!canPack);
if (!canPack) console.warn('Not run, because gpg or tar is missing: server/replay.test.ts');

let packages: LoadedPackages;
let front: ClickHouseFront;
let course: string;

beforeAll(async () => {
  if (!canPack) return;
  [packages, front] = await Promise.all([LoadedPackages.open(), ClickHouseFront.start()]);
  course = packages.courses()[0] ?? '';
  const loaded = await onServer([...packages.loading]);
  expect(loaded).toMatchObject({ status: 0 });
});

afterAll(async () => {
  await front?.[Symbol.asyncDispose]();
  await packages?.[Symbol.asyncDispose]();
});

function onServer(args: readonly string[]) {
  return edxstream([...args, '--warehouse', front.url], { environment: front.environment });
}

test('a course on a server is the same as in a directory, byte for byte', async () => {
  const args = ['replay', '--course', course, '--speed', 'max', '--warehouse', front.url];
  const { child, ended } = start(args, { environment: front.environment });
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  expect(await ended).toMatchObject({ status: 0 });
  const events = packages.replayOf(course);
  const lines = events.flatMap(({ raw }) => [raw, Buffer.from('\n')]);
  expect(events.length).toBeGreaterThan(500);
  expect(Buffer.concat(chunks).equals(Buffer.concat(lines))).toBe(true);
});

test('stopped while it follows, it has sent what there is, and the server is free', async () => {
  const args = ['replay', '--course', course, '-s', 'max', '--follow', '--poll', '1s'];
  const running = start([...args, '--warehouse', front.url], { environment: front.environment });
  const wanted = packages.replayOf(course).length;
  while (running.said().split('\n{').length < wanted / 2) await wait(50);
  // A load beside it is not in the way, and adds nothing as all of it is there.
  expect(await onServer([...packages.loading])).toMatchObject({ status: 0 });
  running.child.kill('SIGINT');
  const { status, stderr } = await running.ended;
  expect({ status, stderr }).toMatchObject({ status: 130 });
  expect(stderr).toMatch(/Stopped after [\d,]+ events\./);
});
