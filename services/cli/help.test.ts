import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildProgram, runProgram } from './run-program.js';
import { aShell } from './testing/a-shell.js';

const all = { verb: undefined, end: () => undefined };
const VERBS = (await buildProgram(aShell().shell, all)).commands.map((verb) => verb.name());

test('the program has the verbs that the documents name', () => {
  expect(VERBS).toEqual([
    ...['generate', 'inspect', 'load', 'sync', 'ingest', 'sink'],
    ...['status', 'rejects', 'query', 'replay', 'config', 'demo'],
  ]);
});

test.each(['', ...VERBS])('help of "%s" is as it was last reviewed', async (verb) => {
  const { shell, out } = aShell();
  expect(await runProgram([...verb.split(' ').filter(Boolean), '--help'], shell)).toBe(0);
  const file = join(import.meta.dirname, 'help', `${verb || 'edxstream'}.txt`);
  await expect(out()).toMatchFileSnapshot(file);
});

test.each(['', ...VERBS])(
  'help of "%s" has three examples and stays within 100 columns',
  async (verb) => {
    const { shell, out } = aShell();
    await runProgram([...verb.split(' ').filter(Boolean), '--help'], shell);
    const examples = out().split('\nExamples:\n')[1]?.trimEnd().split('\n') ?? [];
    expect(examples).toHaveLength(3);
    expect(
      out()
        .split('\n')
        .filter((line) => line.length > 100),
    ).toEqual([]);
  },
);
