/**
 * HTTPS before a server that has none: a certificate for 127.0.0.1 of an authority of its own, made by
 * openssl for this test alone.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer, type Server } from 'node:tls';
import { promisify } from 'node:util';

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

  static async start(targetPort: () => number): Promise<TlsProxy> {
    const directory = await mkdtemp(path.join(tmpdir(), 'edxstream-tls-'));
    const [keyFile, certFile] = ['key.pem', 'cert.pem'].map((name) => path.join(directory, name));
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=127.0.0.1'],
      ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', `${keyFile}`, '-out', `${certFile}`],
    ]);
    const [key, cert] = await Promise.all([readFile(`${keyFile}`), readFile(`${certFile}`)]);
    await rm(directory, { recursive: true, force: true });
    const server = createServer({ key, cert }, (client) => {
      const target = connect(targetPort(), '127.0.0.1');
      client.on('error', () => target.destroy());
      target.on('error', () => client.destroy());
      client.pipe(target).pipe(client);
    });
    server.on('tlsClientError', () => undefined); // a client that does not believe us
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TlsProxy(server, cert);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    await Promise.resolve();
  }
}
