import { expect, test } from 'vitest';
import { askSecret } from './ask-secret.js';
import { Interrupted } from './shell.js';
import { aShell } from './testing/a-shell.js';

async function typing(...chunks: readonly (string | Buffer)[]) {
  const { shell, input, err } = aShell();
  const answer = askSecret('Passphrase: ', shell);
  // The prompt is written before anybody types.
  await new Promise((resume) => setImmediate(resume));
  for (const chunk of chunks) input.write(chunk);
  return { answer: await answer, said: err() };
}

test('a line is taken and nothing of it is echoed', async () => {
  expect(await typing('se', 'cret\r')).toEqual({ answer: 'secret', said: 'Passphrase: \n' });
});

test('a character that comes in two chunks stays one character', async () => {
  const bytes = Buffer.from('é\n');
  expect((await typing(bytes.subarray(0, 1), bytes.subarray(1))).answer).toBe('é');
});

test('backspace takes a character back and Ctrl-U all of them', async () => {
  expect((await typing('wrong\u0015rigth\u007f\u007fht\n')).answer).toBe('right');
});

test('Ctrl-D without a line says that there is no passphrase', async () => {
  expect((await typing('\u0004')).answer).toBeUndefined();
});

test('Ctrl-C stops the command', async () => {
  await expect(typing('half\u0003')).rejects.toBeInstanceOf(Interrupted);
});
