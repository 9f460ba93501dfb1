/**
 * An authority, a server's certificate for 127.0.0.1 and a client's, made by openssl for one test.
 *
 *   await using certificates = await Certificates.make();
 *   certificates.caFile                   what a client is to believe
 *   certificates.client.certFile          what it shows, where a server asks
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Certificate {
  readonly keyFile: string;
  readonly certFile: string;
  /** Both in one file, as Kafka wants them. */
  readonly keyAndCertFile: string;
}

export class Certificates implements AsyncDisposable {
  readonly caFile: string;
  readonly server: Certificate;
  readonly client: Certificate;
  readonly #directory: string;

  private constructor(directory: string, server: Certificate, client: Certificate) {
    this.#directory = directory;
    this.caFile = path.join(directory, 'authority.pem');
    this.server = server;
    this.client = client;
  }

  static async make(): Promise<Certificates> {
    const directory = await mkdtemp(path.join(tmpdir(), 'edxstream-certificates-'));
    const [caFile, caKeyFile] = ['authority.pem', 'authority-key.pem'].map((name) =>
      path.join(directory, name),
    );
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1'],
      ...['-subj', '/CN=authority of a test', '-keyout', `${caKeyFile}`, '-out', `${caFile}`],
    ]);
    const signed = (name: string): Promise<Certificate> =>
      signedBy({ caFile: `${caFile}`, caKeyFile: `${caKeyFile}` }, directory, name);
    return new Certificates(directory, await signed('server'), await signed('client'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function signedBy(
  authority: { readonly caFile: string; readonly caKeyFile: string },
  directory: string,
  name: string,
): Promise<Certificate> {
  const file = (end: string): string => path.join(directory, `${name}${end}`);
  const [keyFile, certFile, keyAndCertFile] = [file('-key.pem'), file('.pem'), file('-both.pem')];
  await run('openssl', [
    ...['req', '-x509', '-CA', authority.caFile, '-CAkey', authority.caKeyFile],
    ...['-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', `/CN=${name}`],
    ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyFile, '-out', certFile],
  ]);
  const parts = await Promise.all([readFile(keyFile), readFile(certFile)]);
  await writeFile(keyAndCertFile, Buffer.concat(parts));
  return { keyFile, certFile, keyAndCertFile };
}
