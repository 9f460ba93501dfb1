import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newLoadProgress } from '#shared/progress/load-progress';
import {
  progressPath,
  readProgressFile,
  removeProgressFile,
  writeProgressFile,
} from '#shared/progress/progress-file';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'progress-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('what was written is read again, and nothing else is left beside the directory', () => {
  const data = join(folder, 'data/');
  const progress = { ...newLoadProgress(new Date(0)), eventsRead: 7 };
  const record = { pid: 42, updatedAt: '2013-10-27T00:00:00.000Z', progress };
  writeProgressFile(data, record);
  expect(readProgressFile(join(folder, 'data'))).toEqual(record);
  expect(readdirSync(folder)).toEqual(['data.progress.json']);
  removeProgressFile(data);
  expect(readProgressFile(data)).toBeUndefined();
});

test('a file of another form is no progress', () => {
  const data = join(folder, 'data');
  for (const content of ['', '{"pid": 1', '{"pid": 1, "updatedAt": "x", "progress": {}}', '[]']) {
    writeFileSync(progressPath(data), content);
    expect(readProgressFile(data)).toBeUndefined();
  }
});
