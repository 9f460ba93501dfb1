/**
 * The two recipients of every message: the data czar of the university (RSA with a passphrase, as
 * edX asks for) and the master key that edX adds. Both secret keys are written, because tests want
 * to be either of them.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { generateKey, type PublicKey, readKey } from 'openpgp';
import type { KeyFiles } from './profile.js';

/** Generated keys protect generated packages only, so a passphrase that everyone knows will do. */
const PASSPHRASE = 'a passphrase for generated packages';

export interface Recipients {
  readonly czar: PublicKey;
  readonly master: PublicKey;
}

export interface KeyPaths {
  readonly czarSecret: string;
  readonly czarPublic: string;
  readonly masterSecret: string;
  readonly passphrase: string;
}

/** Writes the keys into `directory`, fresh ones or copies of `keyFiles`. */
export async function writeKeys(
  directory: string,
  organization: string,
  keyFiles: KeyFiles | undefined,
): Promise<{ readonly recipients: Recipients; readonly paths: KeyPaths }> {
  const paths: KeyPaths = {
    czarSecret: path.join(directory, 'czar-secret.asc'),
    czarPublic: path.join(directory, 'czar-public.asc'),
    masterSecret: path.join(directory, 'edx-master-secret.asc'),
    passphrase: path.join(directory, 'passphrase.txt'),
  };
  const domain = `${organization.toLowerCase()}.example`;
  const armored =
    keyFiles === undefined
      ? {
          czar: await freshKey('Data Czar', `czar@${domain}`, PASSPHRASE),
          master: await freshKey('edX Master', 'master@edx.example', undefined),
          passphrase: `${PASSPHRASE}\n`,
        }
      : {
          czar: await readFile(keyFiles.czarSecret, 'utf8'),
          master: await readFile(keyFiles.masterSecret, 'utf8'),
          passphrase: await readFile(keyFiles.passphrase, 'utf8'),
        };
  const czar = (await readKey({ armoredKey: armored.czar })).toPublic();
  const master = (await readKey({ armoredKey: armored.master })).toPublic();
  await writeFile(paths.czarSecret, armored.czar, { mode: 0o600 });
  await writeFile(paths.czarPublic, czar.armor(), { mode: 0o600 });
  await writeFile(paths.masterSecret, armored.master, { mode: 0o600 });
  await writeFile(paths.passphrase, armored.passphrase, { mode: 0o600 });
  return { recipients: { czar, master }, paths };
}

async function freshKey(name: string, email: string, passphrase: string | undefined) {
  const { privateKey } = await generateKey({
    type: 'rsa',
    rsaBits: 2048,
    userIDs: [{ name, email }],
    date: new Date('2013-09-01T00:00:00Z'),
    format: 'armored',
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  return privateKey;
}
