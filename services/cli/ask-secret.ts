/**
 * Asks a terminal for a line without echoing it.
 *
 * The terminal is in raw mode meanwhile, so Ctrl-C and Ctrl-D come as bytes and are acted on here.
 */
import { StringDecoder } from 'node:string_decoder';
import { Interrupted, type Shell } from './shell.js';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';
const BACKSPACES = new Set(['\b', '\u007f']);

/** Undefined where the person ends the input (Ctrl-D) without a line. */
export async function askSecret(prompt: string, shell: Shell): Promise<string | undefined> {
  const { input, err } = shell;
  await err.write(prompt);
  input.setRawMode(true);
  const decoder = new StringDecoder('utf8');
  let line = '';
  try {
    return await new Promise<string | undefined>((resolve, reject) => {
      const take = (chunk: Buffer): void => {
        for (const character of decoder.write(chunk)) {
          const ended = character === '\r' || character === '\n' || character === CTRL_D;
          if (ended) {
            input.off('data', take);
            resolve(character === CTRL_D && line === '' ? undefined : line);
            return;
          }
          if (character === CTRL_C) {
            input.off('data', take);
            reject(new Interrupted('Ctrl-C'));
            return;
          }
          if (BACKSPACES.has(character)) line = [...line].slice(0, -1).join('');
          else line = character === CTRL_U ? '' : line + character;
        }
      };
      input.on('data', take);
      input.resume();
    });
  } finally {
    input.setRawMode(false);
    // Otherwise the open input would keep the process.
    input.pause();
    await err.write('\n');
  }
}
