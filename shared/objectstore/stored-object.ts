/**
 * An object in a store that speaks S3, as plain data: it can be posted to a worker, which then reads
 * it by itself. `etag` is the version that was indexed; every reading asks for that one and no other.
 */
export interface StoreSettings {
  /** A store other than Amazon's: `https://s3.example.org`. */
  readonly endpoint?: string | undefined;
  /** Without it the region of the environment or the profile, else `us-east-1`, where edX is. */
  readonly region?: string | undefined;
  /** Which profile of the AWS configuration has the credentials. */
  readonly profile?: string | undefined;
  /** True for stores that have the bucket in the path and not in the name of the host. */
  readonly isPathStyle: boolean;
  /** How often a request, and a body that broke off, is tried before the command gives up. */
  readonly attemptsMax: number;
  /** A response that gives nothing for so long is asked for again. */
  readonly stallMs: number;
  /** Directory for ciphertext of members that are too large to be kept in memory. */
  readonly spool: string;
}

export interface StoredObject {
  readonly store: StoreSettings;
  readonly bucket: string;
  readonly key: string;
  /** With its quotes, as the store writes it. */
  readonly etag: string;
  readonly bytes: number;
}

export interface ObjectAddress {
  readonly bucket: string;
  /** A key or the beginning of keys; '' for the whole bucket. */
  readonly key: string;
}

/** Reads `s3://bucket/key`; undefined for anything else. */
export function parseObjectAddress(text: string): ObjectAddress | undefined {
  const parts = /^s3:\/\/([^/]+)(?:\/(.*))?$/is.exec(text);
  return parts === null ? undefined : { bucket: parts[1] ?? '', key: parts[2] ?? '' };
}

export function formatObjectAddress({ bucket, key }: ObjectAddress): string {
  return `s3://${bucket}/${key}`;
}
