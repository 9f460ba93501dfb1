/**
 * A connection between a client and a server that can be cut, refused or held, by bytes and not by time.
 *
 *   client ──► proxy ──► server
 *                └── cutAfter(bytes): this many bytes of the client pass, then both sides are reset
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class TcpProxy implements AsyncDisposable {
  readonly #targetPort: () => number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #cutAfterBytes = Number.POSITIVE_INFINITY;
  #isHolding = false;
  #passedBytes = 0;
  port = 0;

  constructor(targetPort: () => number) {
    this.#targetPort = targetPort;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Bytes of clients that have passed so far. */
  get passedBytes(): number {
    return this.#passedBytes;
  }

  async accept(): Promise<this> {
    const server = createServer((client) => this.#join(client));
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  /** Connections are refused and those that are there are reset. */
  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = server === undefined ? undefined : once(server, 'close');
    server?.close();
    this.#reset();
    await closed;
  }

  /** Cuts once, when this many more bytes have passed; connections after that are whole. */
  cutAfter(bytes: number): void {
    this.#cutAfterBytes = this.#passedBytes + bytes;
  }

  /** Takes what clients send and passes nothing on, as a server that hangs. */
  hold(isHolding: boolean): void {
    this.#isHolding = isHolding;
  }

  #join(client: Socket): void {
    const target = connect(this.#targetPort(), '127.0.0.1');
    for (const socket of [client, target]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined); // a reset is what this is for
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    client.on('data', (chunk) => {
      if (this.#isHolding) return;
      this.#passedBytes += chunk.length;
      if (this.#passedBytes >= this.#cutAfterBytes) {
        const over = this.#passedBytes - this.#cutAfterBytes;
        this.#cutAfterBytes = Number.POSITIVE_INFINITY;
        target.write(chunk.subarray(0, chunk.length - over), () => {
          client.resetAndDestroy();
          target.resetAndDestroy();
        });
        return;
      }
      if (!target.write(chunk)) {
        client.pause();
        target.once('drain', () => client.resume());
      }
    });
    target.pipe(client);
  }

  #reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse();
  }
}
