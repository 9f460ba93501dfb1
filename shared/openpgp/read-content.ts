/**
 * From decrypted packets to the bytes that were encrypted.
 *
 *   compressed( literal(bytes) )              what edX's GnuPG writes
 *   literal(bytes)                            not compressed
 *   compressed( one-pass literal signature )  signed: the signature is passed over, not verified
 *   … literal( gzip( bytes ) )                the daily files since 2014; unzipped too if asked for
 *
 * Inflating is most of the cost of reading a message. Measured for 200 MB of log lines that deflate
 * 6.5:1 (MB/s of CPU time): node:zlib's stream with chunks of 64 KiB 730, 128 KiB 940, 256 KiB 1200,
 * 1 MiB 1400, 4 MiB 1280; a synchronous push into zlib's internal handle 1500. The seven per cent
 * are not worth an interface that Node does not document, and the stream inflates the next chunk on
 * another thread while the receiver works on this one.
 */
import { pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { ByteCursor } from './byte-cursor.js';
import { isCompressionError, PlaintextFault } from './message-fault.js';
import { type PacketHeader, packetBody, readPacketHeader, TAG } from './packet-framing.js';

export interface ContentOptions {
  /** `auto` unzips content that begins as gzip does; several gzip members become one content. */
  readonly gunzip: 'auto' | 'never';
}

const INFLATE = { chunkSize: 1 << 20 };
/** Chunks below this are put together; above, they are passed on as they are. */
const CHUNK_BYTES_MIN = 256 << 10;
/** GnuPG nests once; more than a few levels is an attack on the reader. */
const DEPTH_MAX = 8;

/** The chunks must be the reader's own: packets are put together in place. */
export function readContent(
  packets: AsyncIterable<Buffer>,
  options: ContentOptions,
): AsyncGenerator<Buffer, void, undefined> {
  return regroup(unzipped(readPackets(packets, 0), options));
}

/** What `readContent` does after the literal packet, for content that another reader unpacked. */
export function finishContent(
  literal: AsyncIterable<Buffer>,
  options: ContentOptions,
): AsyncGenerator<Buffer, void, undefined> {
  return regroup(unzipped(literal, options));
}

async function* readPackets(
  packets: AsyncIterable<Buffer>,
  depth: number,
): AsyncGenerator<Buffer, void, undefined> {
  if (depth > DEPTH_MAX) {
    throw new PlaintextFault('unsupported', `its content is packed over ${DEPTH_MAX} times`);
  }
  const cursor = new ByteCursor(packets);
  let hasContent = false;
  try {
    for (;;) {
      const header = await readPacketHeader(cursor);
      if (header === undefined) break;
      switch (header.tag) {
        case TAG.compressed:
        case TAG.literal:
          if (hasContent) throw new PlaintextFault('damaged', 'it holds more than one content');
          hasContent = true;
          yield* header.tag === TAG.literal
            ? readLiteral(cursor, header)
            : readCompressed(cursor, header, depth);
          break;
        case TAG.signature:
        case TAG.onePassSignature:
        case TAG.marker:
        case TAG.trust:
        case TAG.padding:
          for await (const _ of packetBody(cursor, header, { isOwned: false }));
          break;
        default:
          throw new PlaintextFault(
            'damaged',
            `its content holds a packet that does not belong there (tag ${header.tag})`,
          );
      }
    }
  } finally {
    await cursor.close();
  }
  if (!hasContent) throw new PlaintextFault('damaged', 'it holds no content');
}

async function* readCompressed(
  cursor: ByteCursor,
  header: PacketHeader,
  depth: number,
): AsyncGenerator<Buffer, void, undefined> {
  const body = new ByteCursor(packetBody(cursor, header, { isOwned: true }));
  const algorithm = (await body.peek(1))[0];
  if (algorithm === undefined)
    throw new PlaintextFault('truncated', 'its compressed packet is empty');
  body.skip(1);
  switch (algorithm) {
    case 0:
      yield* readPackets(rest(body), depth + 1);
      break;
    case 1:
      yield* readPackets(throughZlib(rest(body), createInflateRaw(INFLATE)), depth + 1);
      break;
    case 2:
      yield* readPackets(throughZlib(rest(body), createInflate(INFLATE)), depth + 1);
      break;
    case 3: {
      // Loaded where it is needed: see key-ring.ts.
      const { readBzip2Content } = await import('./openpgp-fallback.js');
      yield* readBzip2Content(rest(body));
      break;
    }
    default:
      throw new PlaintextFault(
        'unsupported',
        `it is compressed with algorithm ${algorithm}; decrypt it with gpg`,
      );
  }
}

/** A literal packet is a format byte, a file name of 0 to 255 bytes, a date of 4, and the bytes. */
async function* readLiteral(
  cursor: ByteCursor,
  header: PacketHeader,
): AsyncGenerator<Buffer, void, undefined> {
  const body = new ByteCursor(packetBody(cursor, header, { isOwned: true }));
  const start = await body.peek(2);
  const headBytes = 6 + (start[1] ?? 0);
  if ((await body.peek(headBytes)).length < headBytes) {
    throw new PlaintextFault('truncated', 'its literal packet ends inside its header');
  }
  const format = String.fromCharCode(start[0] ?? 0);
  body.skip(headBytes);
  yield* format === 't' || format === 'u' ? withUnixLineEnds(rest(body)) : rest(body);
}

/** Text is encrypted with CR LF; as gpg does on this kind of system, it is given back with LF. */
async function* withUnixLineEnds(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  let hasCr = false;
  for await (const chunk of chunks) {
    const text: string = (hasCr ? '\r' : '') + chunk.toString('latin1');
    hasCr = text.endsWith('\r');
    const whole = hasCr ? text.slice(0, -1) : text;
    yield Buffer.from(whole.replaceAll('\r\n', '\n'), 'latin1');
  }
  if (hasCr) yield Buffer.from('\r');
}

async function* unzipped(
  content: AsyncIterable<Buffer>,
  options: ContentOptions,
): AsyncGenerator<Buffer, void, undefined> {
  if (options.gunzip === 'never') {
    yield* content;
    return;
  }
  const cursor = new ByteCursor(content);
  try {
    const magic = await cursor.peek(3);
    const isGzip = magic[0] === 0x1f && magic[1] === 0x8b && magic[2] === 8;
    yield* isGzip ? throughZlib(rest(cursor), createGunzip(INFLATE)) : rest(cursor);
  } finally {
    await cursor.close();
  }
}

async function* rest(cursor: ByteCursor): AsyncGenerator<Buffer, void, undefined> {
  for (;;) {
    const run = await cursor.some(Number.POSITIVE_INFINITY);
    if (run === undefined) return;
    yield run;
  }
}

async function* throughZlib(
  chunks: AsyncIterable<Buffer>,
  inflater: Transform,
): AsyncGenerator<Buffer, void, undefined> {
  // The callback form: a fault must reach the loop below and not a promise of its own.
  pipeline(Readable.from(chunks, { objectMode: true }), inflater, () => {});
  try {
    for await (const chunk of inflater) yield chunk;
  } catch (cause) {
    if (!isCompressionError(cause)) throw cause;
    throw cause.code === 'Z_BUF_ERROR'
      ? new PlaintextFault('truncated', 'its compressed content ends early', { cause })
      : new PlaintextFault('damaged', `its compressed content is damaged (${cause.message})`, {
          cause,
        });
  }
}

/** Puts small chunks together, so that whoever reads has few and large ones. */
async function* regroup(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let group: Buffer | undefined;
  let filled = 0;
  for await (const chunk of chunks) {
    if (chunk.length >= CHUNK_BYTES_MIN) {
      if (group !== undefined && filled > 0) yield group.subarray(0, filled);
      group = undefined;
      filled = 0;
      yield chunk;
      continue;
    }
    for (let from = 0; from < chunk.length; ) {
      group ??= Buffer.allocUnsafeSlow(CHUNK_BYTES_MIN);
      const count = chunk.copy(group, filled, from);
      from += count;
      filled += count;
      if (filled < CHUNK_BYTES_MIN) continue;
      yield group;
      group = undefined;
      filled = 0;
    }
  }
  if (group !== undefined && filled > 0) yield group.subarray(0, filled);
}
