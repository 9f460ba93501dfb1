/** The piscina worker: keys come once with the worker, database files one by one, parts go as they are made. */
import type { MessagePort } from 'node:worker_threads';
import { workerData } from 'piscina';
import { EdxstreamError, type ErrorCode } from '#shared/errors';
import type { KeyRing } from '#shared/openpgp/key-ring';
import { openMember } from '#shared/packages/member-source';
import { sendOver } from '#shared/stream/port-stream';
import type { DatabaseFileToLoad } from './database-file.js';
import { encodeDatabaseFile } from './encode-database-file.js';
import type { EncodedPart } from './encoded-part.js';

/** Parts of at most 1 MiB (a longer row has one of its own) that may wait for the main thread, by file. */
const INFLIGHT_MAX = 4;

// What piscina hands on as the worker's own data is declared by encode-pool.ts, the only caller.
const { keys, allowUnprotected } = workerData as {
  readonly keys: KeyRing;
  readonly allowUnprotected: boolean;
};

export interface EncodeTask {
  readonly file: DatabaseFileToLoad;
  readonly fileIndex: number;
  readonly port: MessagePort;
}

/** A fault of the world; as an error it would lose its code on its way between threads. */
export interface OutsideFault {
  readonly code: ErrorCode;
  readonly detail: string;
}

export default async function run({
  file,
  fileIndex,
  port,
}: EncodeTask): Promise<OutsideFault | undefined> {
  const sender = sendOver<EncodedPart>(port, INFLIGHT_MAX);
  const { stopped: signal } = sender;
  try {
    const options = { keys, fileIndex, allowUnprotected, signal };
    await using member = openMember(file.path, file.location);
    for await (const part of encodeDatabaseFile(member, file, options)) {
      await sender.send(part, memoryOf(part));
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof EdxstreamError)) throw error;
    return { code: error.code, detail: error.message };
  } finally {
    sender.end();
  }
}

/** Rows have memory of their own, which moves to the receiver; the rest is small and copied. */
function memoryOf(part: EncodedPart): readonly ArrayBuffer[] {
  if (part.kind !== 'rows') return [];
  const { buffer } = part.bytes;
  return buffer instanceof ArrayBuffer ? [buffer] : [];
}
