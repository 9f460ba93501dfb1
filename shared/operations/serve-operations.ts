/**
 * The HTTP side of a long-running process: three paths, for programs of the same network.
 *
 *   GET /metrics   Prometheus text
 *   GET /healthz   200 while alive, else 503 with what has stopped
 *   GET /readyz    200 while ready, else 503 with what is missing
 *
 * There is no password and no TLS here: it shows counts and nothing of any event. It listens where it is
 * told; by default on the loopback address alone.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EdxstreamError } from '#shared/errors';
import type { Health, HealthAnswer } from '#shared/operations/health';
import type { Metrics } from '#shared/operations/metrics';

export interface ServeOperations {
  readonly listen: ListenAddress;
  readonly metrics: Metrics;
  readonly health: Health;
}

export interface ListenAddress {
  readonly host: string;
  /** 0 is for a port that the system finds free. */
  readonly port: number;
}

export interface OperationsServer extends AsyncDisposable {
  /** Where it listens in truth, as `http://host:port`. */
  readonly url: string;
}

/** @throws EdxstreamError LISTEN_FAILED. */
export async function serveOperations({
  listen,
  metrics,
  health,
}: ServeOperations): Promise<OperationsServer> {
  const server = createServer((request, response) => {
    answer(request, response, { metrics, health }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const where = `${listen.host}:${listen.port}`;
      reject(
        new EdxstreamError(
          'LISTEN_FAILED',
          `Metrics and health cannot be served on ${where}: ${cause.message}`,
          { cause },
        ),
      );
    });
    server.listen(listen.port, listen.host, resolve);
  });
  const { address, port, family } = server.address() as AddressInfo; // it listens on TCP
  const host = family === 'IPv6' ? `[${address}]` : address;
  return {
    url: `http://${host}:${port}`,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        // A scraper keeps its connection; nothing is lost when it is closed.
        server.closeAllConnections();
      });
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { metrics, health }: { readonly metrics: Metrics; readonly health: Health },
): Promise<void> {
  request.resume();
  const path = (request.url ?? '').split('?')[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  switch (path) {
    case '/metrics': {
      metrics.ready.set(health.ready().ok ? 1 : 0);
      const text = await metrics.registry.metrics();
      response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text);
      return;
    }
    case '/healthz':
      tell(response, health.alive());
      return;
    case '/readyz':
      tell(response, health.ready());
      return;
    default:
      response.writeHead(404).end();
  }
}

function tell(response: ServerResponse, { ok, missing }: HealthAnswer): void {
  response
    .writeHead(ok ? 200 : 503, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
    })
    .end(`${JSON.stringify({ ok, missing })}\n`);
}
