/**
 * A real S3 server for the tests of one file, reached through a proxy that counts and breaks, and what
 * tests do with it: put objects, take them away, run the program against it.
 *
 * The server is S3Proxy, which Maven fetches; suites that need it end in .s3.test.ts.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, vi } from 'vitest';
import type { StoreSettings } from '#shared/objectstore/stored-object';
import { S3_CREDENTIALS, type S3Server, startS3Server } from '../../deploy/local/s3/s3-server.js';
import { edxstream, type Run, type RunOptions } from './edxstream.js';
import { StoreProxy } from './store-proxy.js';

// Tests run the program several times, and the machine may have other work.
vi.setConfig({ testTimeout: 240_000 });

/** What the program, and readers in this process, sign with. */
export const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: S3_CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: S3_CREDENTIALS.secretAccessKey,
};

export class StoreBench implements AsyncDisposable {
  readonly directory: string;
  readonly proxy: StoreProxy;
  readonly #server: S3Server;
  readonly #client: S3Client;
  #places = 0;

  private constructor(directory: string, server: S3Server, proxy: StoreProxy) {
    this.directory = directory;
    this.#server = server;
    this.proxy = proxy;
    this.#client = new S3Client({
      endpoint: server.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: S3_CREDENTIALS,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    });
  }

  static async open(): Promise<StoreBench> {
    const directory = await mkdtemp(path.join(tmpdir(), 'edxstream-test-'));
    const server = await startS3Server(directory);
    return new StoreBench(directory, server, await StoreProxy.open(server.port));
  }

  /** How code in this process reaches the store, through the proxy. */
  settings(changes: Partial<StoreSettings> = {}): StoreSettings {
    return {
      endpoint: this.proxy.endpoint,
      region: 'us-east-1',
      isPathStyle: true,
      attemptsMax: 4,
      stallMs: 1000,
      spool: this.directory,
      ...changes,
    };
  }

  async makeBucket(bucket: string): Promise<void> {
    await this.#client.send(new CreateBucketCommand({ Bucket: bucket }));
  }

  /** Puts bytes under a key and returns the ETag. */
  async put(bucket: string, key: string, body: Buffer): Promise<string> {
    const { ETag } = await this.#client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }),
    );
    return ETag ?? '';
  }

  async putFile(bucket: string, key: string, file: string): Promise<string> {
    return this.put(bucket, key, await readFile(file));
  }

  async remove(bucket: string, key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  }

  /** A directory that nothing has used yet; it is not made. */
  place(): string {
    this.#places += 1;
    return path.join(this.directory, `place-${this.#places}`);
  }

  /** Runs the program against the proxy. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    return edxstream(args, { ...options, environment: this.environment(options.environment) });
  }

  environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return {
      ...CREDENTIALS,
      EDXSTREAM_S3_ENDPOINT: this.proxy.endpoint,
      EDXSTREAM_S3_PATH_STYLE: 'yes',
      EDXSTREAM_S3_STALL: '1s',
      HOME: this.directory,
      ...more,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.destroy();
    await this.proxy.close();
    await this.#server.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Opens a bench for the tests of one file. */
export function storeBench(): () => StoreBench {
  let bench: StoreBench | undefined;
  beforeAll(async () => {
    bench = await StoreBench.open();
  }, 300_000);
  afterAll(() => bench?.[Symbol.asyncDispose]());
  return () => {
    if (bench === undefined) throw new Error('There is no bench before the tests begin.');
    return bench;
  };
}
