import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EdxstreamError } from '#shared/errors';
import { directoryOwner, lockDirectory, lockPath } from '#shared/warehouse/directory-lock';

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'edxstream-lock-'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** The number of a process that has ended and been waited for. */
function pidOfTheDead(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

function faultOf(work: () => unknown): EdxstreamError {
  try {
    work();
  } catch (error) {
    if (error instanceof EdxstreamError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

function leave(directory: string, owner: object | string): void {
  const text = typeof owner === 'string' ? owner : JSON.stringify(owner);
  writeFileSync(lockPath(directory), text);
}

test('the second to come is told who has the directory, since when, and what to do', () => {
  const directory = join(place, 'busy');
  const unlock = lockDirectory(directory, 'load week-1.tar');
  const owner = directoryOwner(directory);
  expect(owner).toMatchObject({ pid: process.pid, host: hostname(), command: 'load week-1.tar' });
  const fault = faultOf(() => lockDirectory(directory, 'load week-2.tar'));
  expect(fault.code).toBe('DATA_DIRECTORY_BUSY');
  for (const said of ['load week-1.tar', String(process.pid), hostname(), owner?.since ?? '?']) {
    expect(fault.message).toContain(said);
  }
  unlock();
});

test('a directory that was given back is free, and nothing is left beside it', () => {
  const directory = join(place, 'free');
  lockDirectory(directory, 'load')();
  expect(existsSync(lockPath(directory))).toBe(false);
  expect(directoryOwner(directory)).toBeUndefined();
  lockDirectory(directory, 'load')();
});

test('the lock of a process that is dead is taken over', () => {
  const directory = join(place, 'killed');
  leave(directory, { pid: pidOfTheDead(), host: hostname(), command: 'load', since: 'x' });
  expect(directoryOwner(directory)).toBeUndefined();
  const unlock = lockDirectory(directory, 'load again');
  expect(directoryOwner(directory)?.command).toBe('load again');
  unlock();
});

test('a lock that was cut off by a crash is taken over', () => {
  for (const [at, text] of ['', '{"pid": 1', '[]', 'null', '{"pid": "1"}'].entries()) {
    const directory = join(place, `cut-${at}`);
    leave(directory, text);
    lockDirectory(directory, 'load')();
  }
});

test('the lock of another machine stays: nobody here can know whether its process lives', () => {
  const directory = join(place, 'elsewhere');
  leave(directory, { pid: pidOfTheDead(), host: 'another.example', command: 'load', since: 'x' });
  const fault = faultOf(() => lockDirectory(directory, 'load'));
  expect(fault.code).toBe('DATA_DIRECTORY_BUSY');
  expect(fault.message).toContain('another.example');
});

test('a place that cannot hold a lock is unusable, with the reason of the system', () => {
  const fault = faultOf(() => lockDirectory(join(place, 'missing', 'deeper'), 'load'));
  expect(fault.code).toBe('DATA_DIRECTORY_UNUSABLE');
  expect(fault.message).toContain('ENOENT');
});

test('the lock stands beside the directory, readable for its user alone', () => {
  expect(lockPath('/data/edx//')).toBe('/data/edx.lock');
  const directory = join(place, 'private');
  const unlock = lockDirectory(directory, 'load');
  expect(statSync(lockPath(directory)).mode & 0o777).toBe(0o600);
  unlock();
});

test('of many processes that race for a directory one has it, the others are told who, and dead ones are followed once', async () => {
  const directory = join(place, 'race');
  const script = join(import.meta.dirname, 'testing', 'race-for-lock.ts');
  const dead = String(pidOfTheDead());
  const until = String(Date.now() + 4_000);
  const racers = Array.from({ length: 6 }, async () => {
    const options = ['--conditions=source', '--import', 'tsx', script, directory, until, dead];
    const { stdout } = await promisify(execFile)(process.execPath, options);
    return JSON.parse(stdout) as { times: number; faults: readonly string[] }; // written by the script
  });
  const results = await Promise.all(racers);
  expect(results.flatMap(({ faults }) => faults)).toEqual([]);
  // Each had its turns, or nothing was raced for.
  expect(results.filter(({ times }) => times === 0)).toEqual([]);
  const left = readdirSync(place).filter((name) => name.startsWith('race') && name !== 'race.lock');
  expect(left).toEqual([]);
}, 30_000);
