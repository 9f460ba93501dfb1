/**
 * One encrypted database file → encoded parts: the whole of the costly work (decrypt, split, check,
 * encode), in one function that needs nothing but its source and the keys, so that it can run in a
 * worker thread.
 *
 * Faults of the file come as a `fault` part, the last one, whether they are seen before the first
 * row or after the last: what was yielded before must then be taken back.
 */
import type { KeyRing } from '#shared/openpgp/key-ring';
import { PlaintextFault } from '#shared/openpgp/message-fault';
import { openMessage } from '#shared/openpgp/read-message';
import type { MemberSource } from '#shared/packages/member-source';
import type { DatabaseFileEntry } from '#shared/packages/package-index';
import { encodeCourseStructure } from './encode-course-structure.js';
import { encodeForumPosts } from './encode-forum-posts.js';
import { encodeOptIns } from './encode-opt-ins.js';
import { encodeTableRows } from './encode-table-rows.js';
import type { EncodedPart } from './encoded-part.js';
import { readTracebackEnd } from './read-traceback-end.js';

export interface EncodeOptions {
  readonly keys: KeyRing;
  /** The place of the file in the batch that is inserted together. */
  readonly fileIndex: number;
  readonly rowBytesMax?: number;
  /** Read messages that carry no integrity code, with a warning. Default: refuse them. */
  readonly allowUnprotected?: boolean;
  readonly signal?: AbortSignal;
}

export type EncodedFile = Pick<DatabaseFileEntry, 'table' | 'extension' | 'isFailed'>;

export async function* encodeDatabaseFile(
  source: MemberSource,
  file: EncodedFile,
  { keys, signal, allowUnprotected = false, ...options }: EncodeOptions,
): AsyncIterable<EncodedPart> {
  const message = await openMessage(source, { keys, allowUnprotected, ...(signal && { signal }) });
  if (message.kind !== 'keep') {
    yield {
      kind: 'fault',
      reason: message.reason,
      detail: 'detail' in message ? message.detail : '',
    };
    return;
  }
  const read = () => message.value.plaintext(signal);
  try {
    if (file.isFailed) yield await readTracebackEnd(read());
    else {
      const { warnings } = message.value;
      for await (const part of encodePlaintext(read, file, options)) {
        yield part.kind === 'end' ? { ...part, warnings } : part;
      }
    }
  } catch (error) {
    if (!(error instanceof PlaintextFault)) throw error;
    yield { kind: 'fault', reason: error.reason, detail: error.message };
  }
}

/** The same from the plaintext on; every call of `read` reads it from its start. */
export function encodePlaintext(
  read: () => AsyncIterable<Buffer>,
  { table, extension }: EncodedFile,
  options: Pick<EncodeOptions, 'fileIndex' | 'rowBytesMax'>,
): AsyncIterable<EncodedPart> {
  switch (extension) {
    case 'mongo':
      return encodeForumPosts(read(), options);
    case 'json':
      return encodeCourseStructure(read, options);
    case 'csv':
      return encodeOptIns(read(), options);
    case 'sql':
    case 'xml':
    case 'xml.tar.gz':
    case '7z':
      // Archives and XML are kept out by the plan and never come here.
      return encodeTableRows(read(), { table, ...options });
    default:
      return extension satisfies never;
  }
}
