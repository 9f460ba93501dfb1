/**
 * Opens the private keys: reads their files and finds the passphrase, from a file, from the environment, or
 * by asking. It happens before anything else, so that a wrong passphrase is told at once.
 */
import { readFile } from 'node:fs/promises';
import { EdxstreamError } from '#shared/errors';
import type { KeyRing } from '#shared/openpgp/key-ring';
import type { AskPassphrase, KeyFile } from '#shared/openpgp/open-key-ring';
import { askSecret } from './ask-secret.js';
import type { Shell } from './shell.js';

export interface KeySettings {
  readonly key: readonly string[];
  readonly passphraseFile: string | undefined;
  readonly passphrase: string | undefined;
}

export async function openKeys(settings: KeySettings, shell: Shell): Promise<KeyRing> {
  if (settings.key.length === 0) {
    throw new EdxstreamError('KEY_MISSING', 'No private key was given.');
  }
  const files: KeyFile[] = [];
  for (const name of settings.key) files.push({ name, bytes: await readKeyFile(name) });
  const { openKeyRing } = await import('#shared/openpgp/open-key-ring');
  const { ring, warnings } = await openKeyRing(files, await passphraseSource(settings, shell));
  for (const warning of warnings) await shell.err.write(`Warning: ${warning}\n`);
  return ring;
}

async function readKeyFile(name: string): Promise<Buffer> {
  return readFile(name).catch((cause: unknown) => {
    const { code } = cause as NodeJS.ErrnoException; // of the file system
    const why = code === 'ENOENT' ? 'there is no such file' : `the system says ${code}`;
    throw new EdxstreamError('KEY_UNREADABLE', `${name} cannot be read: ${why}.`, { cause });
  });
}

async function passphraseSource(settings: KeySettings, shell: Shell): Promise<AskPassphrase> {
  const { passphraseFile, passphrase } = settings;
  if (passphraseFile !== undefined) {
    const line = await readPassphraseFile(passphraseFile);
    return async () => line;
  }
  if (passphrase !== undefined) return async () => passphrase;
  return async ({ name, keyId, userId, attempt }) => {
    if (!shell.input.isTTY || !shell.err.isTerminal) return undefined;
    const again = attempt > 1 ? 'That passphrase does not open it. ' : '';
    const prompt = `${again}Passphrase of key ${keyId} (${userId}) in ${name}: `;
    return askSecret(prompt, shell);
  };
}

/** The first line, as gpg takes it. */
async function readPassphraseFile(name: string): Promise<string> {
  try {
    return (await readFile(name, 'utf8')).split(/\r?\n/, 1)[0] ?? '';
  } catch (cause) {
    throw new EdxstreamError(
      'SETTINGS',
      `--passphrase-file ${name} cannot be read: ${String(cause)}.`,
      { cause },
    );
  }
}
