/** Where a ClickHouse server is, how its user comes in, and what both sides show each other over TLS. */
import { Agent } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { createClient } from '@clickhouse/client';

export interface ServerAddress {
  /** http://host:port or https://host:port, with the database as its path; no user, no password. */
  readonly url: URL;
  readonly user: string;
  readonly password: string;
  /** PEM of the authorities that a server's certificate is believed from, beside those of the system. */
  readonly ca?: Buffer;
  readonly shown?: ShownCertificate;
}

/** What a client shows to a server that asks who it is, in PEM. */
export interface ShownCertificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

type ClientOptions = NonNullable<Parameters<typeof createClient>[0]>;

/** As many as the client has by itself. */
const SOCKETS_MAX = 10;

/**
 * What the client is told of TLS, if anything. A certificate given to the client itself is more than shown: it
 * is what the user comes in by, and a server refuses who says a password as well. So with a password the
 * certificate goes into the connections only.
 */
export function tlsOf({
  ca,
  shown,
  password,
}: ServerAddress): Pick<ClientOptions, 'tls' | 'http_agent'> {
  if (shown === undefined) return ca === undefined ? {} : { tls: { ca_cert: ca } };
  if (password !== '') {
    const agent = new Agent({ ...shown, ca, keepAlive: true, maxSockets: SOCKETS_MAX });
    return { http_agent: agent };
  }
  // The client wants an authority to be named with a certificate.
  return { tls: { ...shown, ca_cert: ca ?? Buffer.from(rootCertificates.join('\n')) } };
}
