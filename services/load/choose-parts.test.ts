import { expect, test } from 'vitest';
import type { LogFilePart } from '#shared/warehouse/log-file-parts';
import { chooseParts } from './choose-parts.js';

function part(partition: number, lines: number, state: LogFilePart['state']): LogFilePart {
  return {
    ...{ run: 1, file_id: 2, partition, sink: 3, revision: 1, state, log_date: '2013-10-22' },
    ...{ events: lines, rejected: 0, early_releases: 0, detail: state === 'broken' ? 'why' : '' },
  };
}

const READ = { published: [7, 0, 5], isFailed: false };

test('a log file is complete when each partition that got lines has a part with as many', () => {
  const parts = [part(0, 7, 'loaded'), part(2, 4, 'loaded'), part(2, 5, 'loaded')];
  expect(chooseParts(parts, { ...READ, isOver: false })).toEqual({
    kind: 'complete',
    kept: [parts[0], parts[2]],
  });
});

test('a part that a sink found broken decides, and one that is not there is waited for', () => {
  expect(chooseParts([part(0, 6, 'broken')], { ...READ, isOver: false })).toEqual({
    kind: 'broken',
    detail: 'why',
  });
  expect(chooseParts([part(0, 7, 'loaded')], { ...READ, isOver: false }).kind).toBe('waiting');
});

test('at the end of a run a part that is not there, or has another count, is lost', () => {
  for (const parts of [[part(0, 7, 'loaded')], [part(0, 7, 'loaded'), part(2, 4, 'loaded')]]) {
    expect(chooseParts(parts, { ...READ, isOver: true })).toEqual({
      kind: 'broken',
      detail: 'Partition 2 had not all of its 5 lines, or not their end.',
    });
  }
});

test('of a log file that failed every partition is waited for, and none at the end of the run', () => {
  const failed = { published: [0, 0], isFailed: true };
  expect(chooseParts([part(0, 7, 'loaded')], { ...failed, isOver: false }).kind).toBe('waiting');
  expect(chooseParts([part(0, 7, 'loaded')], { ...failed, isOver: true }).kind).toBe('complete');
});
