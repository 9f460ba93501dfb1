/**
 * The load of the first package from an S3 server on this machine, in place of from disk: what the way
 * through a store costs.
 */
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { S3_CREDENTIALS, startS3Server } from '../deploy/local/s3/s3-server.js';
import { type Archive, PROGRAM } from './archive.js';
import { checksumsOf } from './ask-warehouse.js';
import { newDataDirectory } from './measure-load.js';
import { runMeasured } from './run-measured.js';
import type { Sample } from './samples.js';

const BUCKET = 'course-data';
/** A server holds a part in memory while it checks the signature. */
const PART_BYTES = 32 << 20;

export async function measureStoreLoad(archive: Archive): Promise<Sample> {
  const { data, remove } = await newDataDirectory();
  const storage = `${data}-store`;
  const server = await startS3Server(storage);
  try {
    const key = path.basename(archive.firstTar);
    await upload(server.endpoint, key, archive.firstTar);
    const store = ['--endpoint', server.endpoint, '--path-style', '--region', 'us-east-1'];
    const { seconds, cpuSeconds, peakBytes } = await runMeasured(
      {
        node: [
          ...[PROGRAM, 'load', `s3://${BUCKET}/${key}`, '--key', archive.key, '--data', data],
          ...store,
        ],
      },
      {
        AWS_ACCESS_KEY_ID: S3_CREDENTIALS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: S3_CREDENTIALS.secretAccessKey,
      },
    );
    const { shared: checksum } = await checksumsOf(data, 'edxstream');
    return {
      ...{ measure: 'load from a store', side: 'edxstream', seconds, cpuSeconds, peakBytes },
      ...{ events: archive.lines, plaintextBytes: archive.plaintextBytes, checksum },
    };
  } finally {
    await server.stop();
    await rm(storage, { recursive: true, force: true });
    await remove();
  }
}

async function upload(endpoint: string, key: string, file: string): Promise<void> {
  const client = new S3Client({
    ...{ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: S3_CREDENTIALS },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const target = { Bucket: BUCKET, Key: key };
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  const parts: { PartNumber: number; ETag: string | undefined }[] = [];
  const source = await open(file, 'r');
  try {
    for (let PartNumber = 1; ; PartNumber += 1) {
      const buffer = Buffer.alloc(PART_BYTES);
      const { bytesRead } = await source.read(buffer, 0, PART_BYTES);
      if (bytesRead === 0) break;
      const Body = buffer.subarray(0, bytesRead);
      const part = new UploadPartCommand({ ...target, UploadId, PartNumber, Body });
      parts.push({ PartNumber, ETag: (await client.send(part)).ETag });
    }
  } finally {
    await source.close();
  }
  const MultipartUpload = { Parts: parts };
  await client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload }));
  client.destroy();
}
