/**
 * Walks a tar by its headers and skips every body by its position, so that the index of a 25 GB
 * tar costs a few megabytes of reading.
 *
 *   [header][body, padded to 512] [pax header][records][header][body] … [zeros][zeros]
 *           └── skipped ────────┘ └── about the member that follows ┘
 *
 * Out come members, in order, and at most one fault, always last: a tar that is cut or damaged
 * gives every member before the fault. What surprises: a tar without its end mark is complete, as
 * `tar` itself has it; only a header, a body or a padding that breaks off is a fault.
 */
import { readPaxRecords } from './pax-records.js';
import { type RandomAccess, readAhead } from './random-access.js';
import { BLOCK_BYTES, readTarHeader, readText } from './tar-header.js';

/** Holds a header with its pax and long-name headers; more would be reading bodies. */
const WINDOW_BYTES = 4096;
/** Names and records are short; a larger body of such a header is damage, not a name. */
const EXTENDED_BYTES_MAX = 1 << 20;

export interface TarMember {
  readonly kind: 'member';
  readonly path: string;
  /** `other` is what only some systems write: sparse files, volume labels, vendor types. */
  readonly type: 'file' | 'directory' | 'link' | 'device' | 'other';
  /** Where the body begins. */
  readonly offset: number;
  readonly bytes: number;
}

export interface TarFault {
  readonly kind: 'fault';
  readonly reason: 'tar-cut' | 'tar-damaged';
  /** Where in the file the fault is. */
  readonly offset: number;
  /** The member that is cut, where its header was still there. */
  readonly path?: string;
  /** How many bytes of that member, of its padding or of its header are missing. */
  readonly missingBytes?: number;
  readonly detail: string;
}

/** What a pax or GNU header says about the member that follows, or (global) about all of them. */
interface Overrides {
  readonly path?: string;
  readonly bytes?: number;
  readonly isSparse?: true;
}

export async function* readTarHeaders(source: RandomAccess): AsyncGenerator<TarMember | TarFault> {
  const reader = readAhead(source, WINDOW_BYTES);
  let global: Overrides = {};
  let next: Overrides = {};
  let wasZeros = false;
  let position = 0;

  while (position < source.bytes) {
    const at = position;
    const block = await reader.read(at, BLOCK_BYTES);
    if (block.length < BLOCK_BYTES) {
      yield cut(at, 'inside a header', BLOCK_BYTES - block.length);
      return;
    }
    const header = readTarHeader(block);
    if (header.kind === 'zeros') {
      if (wasZeros) return;
      wasZeros = true;
      position += BLOCK_BYTES;
      continue;
    }
    wasZeros = false;
    if (header.kind === 'invalid') {
      yield damaged(at, header.detail);
      return;
    }

    const isExtended = 'xXgLK'.includes(header.type);
    const path = isExtended ? header.path : (next.path ?? global.path ?? header.path);
    const type = !isExtended && next.isSparse ? 'other' : typeOf(header.type);
    const written = isExtended ? header.bytes : (next.bytes ?? global.bytes ?? header.bytes);
    // Links, devices and directories have no body, although old writers give them a size.
    const bytes = type === 'file' || type === 'other' ? written : 0;
    const offset = await bodyOffset(reader, at + BLOCK_BYTES, header.hasSparseExtension);
    const padded = Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
    if (offset + bytes > source.bytes) {
      yield cut(at, `inside ${path}`, offset + bytes - source.bytes, path);
      return;
    }

    if (isExtended) {
      if (bytes > EXTENDED_BYTES_MAX) {
        yield damaged(at, `a header of ${bytes} bytes is too long to be a name`);
        return;
      }
      const body = await reader.read(offset, bytes);
      const overrides = readOverrides(header.type, body);
      if (overrides === undefined) {
        yield damaged(at, 'its pax records do not add up');
        return;
      }
      if (header.type === 'g') global = { ...global, ...overrides };
      else next = { ...next, ...overrides };
    } else {
      next = {};
      yield { kind: 'member', path, type, offset, bytes };
    }
    if (offset + padded > source.bytes) {
      yield cut(at, `in the padding after ${path}`, offset + padded - source.bytes, path);
      return;
    }
    position = offset + padded;
  }
}

function readOverrides(type: string, body: Buffer): Overrides | undefined {
  // K is the long target of a link, which an index has no use for.
  if (type === 'K') return {};
  if (type === 'L') return { path: readText(body) };
  const records = readPaxRecords(body);
  if (records === undefined) return undefined;
  const path = records.get('path');
  const size = records.get('size');
  if (size && !(/^\d+$/.test(size) && Number.isSafeInteger(Number(size)))) return undefined;
  return {
    ...(path && { path }),
    ...(size && { bytes: Number(size) }),
    ...(records.has('GNU.sparse.major') && { isSparse: true as const }),
  };
}

async function bodyOffset(
  reader: RandomAccess,
  after: number,
  hasSparseExtension: boolean,
): Promise<number> {
  let position = after;
  let isMore = hasSparseExtension;
  while (isMore) {
    const block = await reader.read(position, BLOCK_BYTES);
    position += BLOCK_BYTES;
    isMore = block[504] === 1;
  }
  return position;
}

function typeOf(flag: string): TarMember['type'] {
  switch (flag) {
    // 7 asks for contiguous storage; the bytes are those of a file.
    case '0':
    case '7':
      return 'file';
    case '5':
      return 'directory';
    case '1':
    case '2':
      return 'link';
    case '3':
    case '4':
    case '6':
      return 'device';
    default:
      return 'other';
  }
}

function cut(offset: number, where: string, missingBytes: number, path?: string): TarFault {
  const detail = `The tar ends ${where}: at least ${missingBytes} bytes are missing. Download it again; what lies before is used meanwhile.`;
  return { kind: 'fault', reason: 'tar-cut', offset, missingBytes, detail, ...(path && { path }) };
}

function damaged(offset: number, why: string): TarFault {
  const detail = `At byte ${offset} a tar header should stand, but ${why}. Download it again; what lies before is used meanwhile.`;
  return { kind: 'fault', reason: 'tar-damaged', offset, detail };
}
