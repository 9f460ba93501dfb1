/**
 * A whole bench: the archive, then run by run every measurement that was asked for. What is compared with
 * a peer is measured in turns (ours, the peer, ours, the peer, …), so that a machine that grows slower
 * slows both.
 */
import { type Archive, prepareArchive } from './archive.js';
import { measureQueries } from './ask-warehouse.js';
import { gpgHomeWith } from './count-by-gpg.js';
import { measureKafkaLoad, measureServerLoad } from './measure-kafka.js';
import {
  measureByHand,
  measureFifth,
  measureLoad,
  measureRefresh,
  newDataDirectory,
} from './measure-load.js';
import { measureReplay, type ReplayRequest } from './measure-replay.js';
import { measureGpg, measureStage } from './measure-stages.js';
import { measureStoreLoad } from './measure-store.js';
import type { BenchOptions } from './options.js';
import type { Sample } from './samples.js';

const PACE_SECONDS = 10;

export interface BenchRun {
  readonly archive: Archive;
  /** The samples, run by run. */
  readonly runs: readonly (readonly Sample[])[];
}

export async function runBench(
  options: Pick<BenchOptions, 'events' | 'days' | 'runs' | 'only' | 'keep'> & {
    readonly cache?: string;
    /** For how long each pace of a replay is kept. */
    readonly paceSeconds?: number;
  },
  say: (text: string) => void,
): Promise<BenchRun> {
  const archive = await prepareArchive(options, say);
  await using home = await gpgHomeWith(archive.key);
  const runs: Sample[][] = [];
  for (let run = 1; run <= options.runs; run += 1) {
    const samples: Sample[] = [];
    runs.push(samples);
    const keep = options.keep && run === options.runs;
    const request = { paceSeconds: PACE_SECONDS, ...options, keep };
    for await (const sample of oneRun(archive, request, home.directory, say)) {
      samples.push(sample);
      const { side, measure, seconds, cpuSeconds } = sample;
      const cost = `${seconds.toFixed(2)} s, processor ${cpuSeconds.toFixed(2)} s`;
      say(`run ${run} of ${options.runs}  ${measure} (${side}): ${cost}\n`);
    }
  }
  return { archive, runs };
}

async function* oneRun(
  archive: Archive,
  { only, keep, ...replay }: Pick<BenchOptions, 'only' | 'keep'> & ReplayRequest,
  gpgHome: string,
  say: (text: string) => void,
): AsyncIterable<Sample> {
  if (only.includes('decrypt')) {
    yield await measureStage('decrypt', archive);
    yield await measureGpg(archive, gpgHome);
  }
  if (only.includes('scan')) yield await measureStage('scan', archive);
  if (only.includes('merge')) yield await measureStage('merge', archive);
  if (only.includes('load')) yield* loads(archive, { keep }, gpgHome, say);
  if (only.includes('store')) yield await measureStoreLoad(archive);
  if (only.includes('kafka')) {
    yield await measureServerLoad(archive);
    yield* await measureKafkaLoad(archive);
  }
  if (only.includes('growth')) yield await measureFifth(archive);
  if (only.includes('replay')) yield* measureReplay(replay);
}

async function* loads(
  archive: Archive,
  { keep }: { readonly keep: boolean },
  gpgHome: string,
  say: (text: string) => void,
): AsyncIterable<Sample> {
  const ours = await newDataDirectory();
  const byHand = await newDataDirectory();
  try {
    yield await measureLoad(archive, ours.data);
    yield await measureByHand(archive, byHand.data, gpgHome);
    // Before the refresh, while both hold the same events.
    yield* await measureQueries(ours.data, 'edxstream');
    yield* await measureQueries(byHand.data, 'by hand');
    yield* await measureRefresh(archive, ours.data);
  } finally {
    if (keep) {
      say(`Kept: ${ours.data} and ${byHand.data}\n`);
    } else {
      await ours.remove();
      await byHand.remove();
    }
  }
}
