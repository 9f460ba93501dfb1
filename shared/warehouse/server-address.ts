/** Where a ClickHouse server is, how its user comes in, and what both sides show each other over TLS. */
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

/** What the client is told of TLS, if anything. */
export function tlsOf(
  ca: Buffer | undefined,
  shown: ShownCertificate | undefined,
): Pick<ClientOptions, 'tls'> {
  if (shown === undefined) return ca === undefined ? {} : { tls: { ca_cert: ca } };
  // The client wants an authority to be named with a certificate.
  return { tls: { ...shown, ca_cert: ca ?? Buffer.from(rootCertificates.join('\n')) } };
}
