/**
 * The client of the AWS SDK: one for each store and thread, made when it is first needed, because
 * loading the SDK takes longer than most commands. Credentials come by the SDK's own chain.
 */
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type { StoreSettings } from './stored-object.js';

const CONNECT_WAIT_MS = 10_000;
/** More than there are workers, so that no request waits for another one's connection. */
const SOCKETS_MAX = 64;
/** Where edX has its buckets. */
const REGION_DEFAULT = 'us-east-1';

const clients = new Map<string, Promise<S3Client>>();

export function clientOf(store: StoreSettings): Promise<S3Client> {
  const name = JSON.stringify(store);
  let client = clients.get(name);
  if (client === undefined) {
    client = makeClient(store);
    clients.set(name, client);
  }
  return client;
}

async function makeClient(store: StoreSettings): Promise<S3Client> {
  const { S3Client } = await import('@aws-sdk/client-s3');
  const config: S3ClientConfig = {
    forcePathStyle: store.isPathStyle,
    // Retries are ours: see retry.ts.
    maxAttempts: 1,
    // A bucket in another region answers with where it is, and is asked there.
    followRegionRedirects: true,
    // Members carry an integrity code of their own, which is checked before a byte of them is used.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_WAIT_MS,
      requestTimeout: store.stallMs,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
    },
    ...(store.endpoint !== undefined && { endpoint: store.endpoint }),
    ...(store.region !== undefined && { region: store.region }),
    ...(store.profile !== undefined && { profile: store.profile }),
  };
  const client = new S3Client(config);
  if (store.region !== undefined) return client;
  // The SDK looks for a region in the environment and the profile, and fails where there is none.
  const isFound = await client.config.region().then(
    () => true,
    () => false,
  );
  if (isFound) return client;
  client.destroy();
  return new S3Client({ ...config, region: REGION_DEFAULT });
}
