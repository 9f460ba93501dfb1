/**
 * Loads, as a user runs them: into a new directory, the same again, the cumulative tar with one new day,
 * and by hand.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Archive, PROGRAM } from './archive.js';
import { checksumsOf } from './ask-warehouse.js';
import { type ProcessCost, runMeasured } from './run-measured.js';
import type { Sample } from './samples.js';

const BY_HAND = path.join(import.meta.dirname, 'peers/by-hand.mjs');

/** A place for one data directory. */
export async function newDataDirectory(): Promise<{
  readonly data: string;
  remove(): Promise<void>;
}> {
  const directory = await mkdtemp(path.join(tmpdir(), 'edxstream-bench-data-'));
  return {
    data: path.join(directory, 'data'),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

export async function measureLoad(archive: Archive, data: string): Promise<Sample> {
  const cost = await load(archive.firstTar, archive.key, data);
  return sampleOf(
    'load',
    'edxstream',
    archive,
    cost,
    (await checksumsOf(data, 'edxstream')).shared,
  );
}

/** The same package again, then the package of the next day: into a directory that holds the first. */
export async function measureRefresh(archive: Archive, data: string): Promise<readonly Sample[]> {
  const second = await load(archive.firstTar, archive.key, data);
  const { own } = await checksumsOf(data, 'edxstream');
  const refresh = await load(archive.nextTar, archive.key, data);
  const after = await checksumsOf(data, 'edxstream');
  return [
    { ...sampleOf('load again', 'edxstream', archive, second, own), events: 0, plaintextBytes: 0 },
    {
      ...sampleOf('load one new day', 'edxstream', archive, refresh, after.own),
      events: 0,
      plaintextBytes: 0,
    },
  ];
}

/** A fifth of the days, to see what the other four fifths cost in memory. */
export async function measureFifth(archive: Archive): Promise<Sample> {
  const { data, remove } = await newDataDirectory();
  try {
    const cost = await load(archive.fifthTar, archive.key, data);
    const { shared } = await checksumsOf(data, 'edxstream');
    const sample = sampleOf('load a fifth of the days', 'edxstream', archive, cost, shared);
    return { ...sample, events: archive.fifthLines, plaintextBytes: 0 };
  } finally {
    await remove();
  }
}

export async function measureByHand(
  archive: Archive,
  data: string,
  gpgHome: string,
): Promise<Sample> {
  const cost = await runMeasured(
    { node: [BY_HAND, data, archive.fileList] },
    { GNUPGHOME: gpgHome, UV_THREADPOOL_SIZE: '16' },
  );
  return sampleOf('load', 'by hand', archive, cost, (await checksumsOf(data, 'by hand')).shared);
}

function load(tar: string, key: string, data: string): Promise<ProcessCost> {
  return runMeasured({ node: [PROGRAM, 'load', tar, '--key', key, '--data', data] });
}

function sampleOf(
  measure: string,
  side: 'edxstream' | 'by hand',
  { lines, plaintextBytes }: Archive,
  { seconds, cpuSeconds, peakBytes }: ProcessCost,
  checksum: string,
): Sample {
  return {
    ...{ measure, side, seconds, cpuSeconds, peakBytes },
    ...{ events: lines, plaintextBytes, checksum },
  };
}
