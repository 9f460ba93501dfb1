/**
 * Replays of one busy course: at max into a sink that discards, of all of it and of a fifth (whose peaks of
 * memory should be the same), and how far from due events are at a pace.
 */
import path from 'node:path';
import { newDataDirectory } from './measure-load.js';
import { type ProcessCost, runMeasured } from './run-measured.js';
import type { Sample } from './samples.js';
import {
  EVENTS_PER_SECOND,
  type FillInput,
  type ReplayAnswer,
  type ReplayInput,
} from './stages/replay-input.js';

export const PACES = [1, 60, 1000] as const;

export interface ReplayRequest {
  readonly events: number;
  /** For how long a pace is kept and measured. */
  readonly paceSeconds: number;
}

export async function* measureReplay({
  events,
  paceSeconds,
}: ReplayRequest): AsyncIterable<Sample> {
  const { data, remove } = await newDataDirectory();
  try {
    await stage('fill-course', { data, events });
    yield await atMax('replay at max', { data, speed: null, events });
    const fifth = Math.ceil(events / 5);
    yield await atMax('replay a fifth at max', { data, speed: null, events: fifth });
    for (const speed of PACES) {
      const paced = Math.min(events, Math.ceil(EVENTS_PER_SECOND * speed * paceSeconds));
      yield await atPace({ data, speed, events: paced });
    }
  } finally {
    await remove();
  }
}

async function atMax(measure: string, input: ReplayInput): Promise<Sample> {
  const { answer, peakBytes } = await replayed(input);
  const { seconds, cpuSeconds, events, bytes } = answer;
  return {
    ...{ measure, side: 'edxstream', seconds, cpuSeconds, peakBytes },
    ...{ events, plaintextBytes: bytes, checksum: `${events} events, ${bytes} bytes` },
  };
}

/** Its seconds are how far from due 99 of 100 events were at most. */
async function atPace(input: ReplayInput): Promise<Sample> {
  const { answer, peakBytes } = await replayed(input);
  const { offSecondsP99: seconds, cpuSeconds } = answer;
  return {
    ...{ measure: `replay at ${input.speed}: off by`, side: 'edxstream', seconds, cpuSeconds },
    // How many were emitted by then depends on the batch that was the last.
    ...{ peakBytes, events: 0, plaintextBytes: 0, checksum: '' },
  };
}

async function replayed(
  input: ReplayInput,
): Promise<{ readonly answer: ReplayAnswer; readonly peakBytes: number }> {
  const { stdout, peakBytes } = await stage('replay', input);
  // What the stage wrote with this type.
  return { answer: JSON.parse(stdout) as ReplayAnswer, peakBytes };
}

function stage(
  name: 'fill-course' | 'replay',
  input: FillInput | ReplayInput,
): Promise<ProcessCost> {
  const script = path.join(import.meta.dirname, `stages/${name}.ts`);
  return runMeasured(
    { node: ['--import', 'tsx', script, JSON.stringify(input)] },
    { UV_THREADPOOL_SIZE: '16' },
  );
}
