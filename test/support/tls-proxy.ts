/**
 * HTTPS before a server that has none: a certificate for 127.0.0.1 of an authority of its own, made by
 * openssl for this test alone. With certificates given it shows theirs, and asks clients for one.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer, type Server, type TlsOptions } from 'node:tls';
import { promisify } from 'node:util';
import type { Certificates } from './certificates.js';

const run = promisify(execFile);

export class TlsProxy implements AsyncDisposable {
  readonly url: string;
  readonly ca: Buffer;
  readonly #server: Server;

  private constructor(server: Server, ca: Buffer) {
    const { port } = server.address() as AddressInfo;
    this.url = `https://127.0.0.1:${port}`;
    this.ca = ca;
    this.#server = server;
  }

  /** @param certificates with them, a client must show one of the same authority. */
  static async start(targetPort: () => number, certificates?: Certificates): Promise<TlsProxy> {
    if (certificates === undefined) {
      const own = await ownCertificate();
      return TlsProxy.#listen(targetPort, own, own.cert);
    }
    const { caFile, server } = certificates;
    const [key, cert, ca] = await Promise.all(
      [server.keyFile, server.certFile, caFile].map((file) => readFile(file)),
    );
    const asking = { key, cert, ca, requestCert: true, rejectUnauthorized: true };
    return TlsProxy.#listen(targetPort, asking, ca as Buffer); // read above
  }

  static async #listen(
    targetPort: () => number,
    options: TlsOptions,
    ca: Buffer,
  ): Promise<TlsProxy> {
    const server = createServer(options, (client) => {
      const target = connect(targetPort(), '127.0.0.1');
      client.on('error', () => target.destroy());
      target.on('error', () => client.destroy());
      client.pipe(target).pipe(client);
    });
    server.on('tlsClientError', () => undefined); // a client that does not believe us
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TlsProxy(server, ca);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    await Promise.resolve();
  }
}

async function ownCertificate(): Promise<{ readonly key: Buffer; readonly cert: Buffer }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'edxstream-tls-'));
  const [keyFile, certFile] = ['key.pem', 'cert.pem'].map((name) => path.join(directory, name));
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=127.0.0.1'],
    ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', `${keyFile}`, '-out', `${certFile}`],
  ]);
  const [key, cert] = await Promise.all([readFile(`${keyFile}`), readFile(`${certFile}`)]);
  await rm(directory, { recursive: true, force: true });
  return { key, cert };
}
