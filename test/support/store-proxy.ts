/**
 * Stands between the program and the S3 server: counts what passes, and breaks it where a test wants.
 *
 *   program ──► proxy ──► S3Proxy           bytes to the program are counted on the wire, headers too
 *                 └ fault: cut, stall, an answer of its own, or something done just before
 *
 * The signature covers the Host header, so that one is passed on as it came.
 */
import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  /** `/bucket/key?query`, decoded. */
  readonly path: string;
  /** `bytes=0-99`, or ''. */
  readonly range: string;
}

/** What goes wrong with one request; `afterBytes` counts bytes of the body. */
export type Fault =
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'stall'; readonly afterBytes: number }
  | { readonly kind: 'answer'; readonly status: number; readonly code: string };

export type FaultOf = (
  seen: SeenRequest,
  count: number,
) => Fault | undefined | Promise<Fault | undefined>;

export class StoreProxy {
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #closedSocketBytes = 0;
  #bytesBefore = 0;
  #requests: SeenRequest[] = [];
  /** Asked for each request; its number counts from 1 since the last `reset`. */
  faultOf: FaultOf = () => undefined;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((incoming, outgoing) => void this.#serve(incoming, outgoing));
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        this.#sockets.delete(socket);
        this.#closedSocketBytes += socket.bytesWritten;
      });
    });
  }

  static async open(target: number): Promise<StoreProxy> {
    const proxy = new StoreProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get requests(): readonly SeenRequest[] {
    return this.#requests;
  }

  /** Bytes that went to the program since the last `reset`, headers and bodies. */
  get bytesOut(): number {
    return this.#bytesEver() - this.#bytesBefore;
  }

  reset(faultOf: FaultOf = () => undefined): void {
    this.#requests = [];
    this.#bytesBefore = this.#bytesEver();
    this.faultOf = faultOf;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #bytesEver(): number {
    let bytes = this.#closedSocketBytes;
    for (const socket of this.#sockets) bytes += socket.bytesWritten;
    return bytes;
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const seen: SeenRequest = {
      method: incoming.method ?? '',
      path: decodeURIComponent(incoming.url ?? ''),
      range: String(incoming.headers.range ?? ''),
    };
    this.#requests.push(seen);
    const fault = await this.faultOf(seen, this.#requests.length);
    if (fault?.kind === 'answer') {
      const { status, code } = fault;
      incoming.resume();
      outgoing.writeHead(status, { 'content-type': 'application/xml' });
      outgoing.end(
        `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code} was asked for by a test</Message></Error>`,
      );
      return;
    }
    const { method, headers, url: path } = incoming;
    const forward = request(
      { host: '127.0.0.1', port: this.#target, method, path, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        let sent = 0;
        answer.on('data', (chunk: Buffer) => {
          const left = fault === undefined ? chunk.length : fault.afterBytes - sent;
          const isLast = left < chunk.length;
          sent += Math.min(left, chunk.length);
          if (!outgoing.write(chunk.subarray(0, left))) {
            answer.pause();
            outgoing.once('drain', () => answer.resume());
          }
          if (!isLast) return;
          answer.destroy();
          // What was written has to go out before the connection is cut.
          if (fault?.kind === 'cut') setTimeout(() => outgoing.socket?.destroy(), 20);
        });
        answer.on('end', () => outgoing.end());
        answer.on('error', () => {});
      },
    );
    forward.on('error', () => outgoing.socket?.destroy());
    outgoing.once('close', () => forward.destroy());
    incoming.pipe(forward);
  }
}
