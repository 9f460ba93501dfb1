/**
 * The unusual kinds of message, read by `openpgp`: authenticated encryption in EAX mode or with
 * Twofish, the ciphers that OpenSSL keeps in its legacy provider, and bzip2.
 *
 * `openpgp` streams only if it may hand out plaintext before it has verified it
 * (`allowUnauthenticatedStream`); otherwise it holds the message in memory. So it is used twice: a
 * first reading whose plaintext goes nowhere and that must end without an error, then a second one
 * whose plaintext is released. Slow (bzip2 43 MB/s of plaintext, Twofish
 * 7 MB/s), but bounded and with the same guarantee.
 *
 * At one in fifty contents that are garbage, as those of a changed message are before the end of it is seen, `openpgp`
 * (6.3.2) waits for itself and never answers. Where it neither asks for more nor gives anything for a while, that is it.
 */
import { decrypt, type enums, readMessage } from 'openpgp';
import { requireKnownAead } from './authenticated-chunks.js';
import { ByteCursor } from './byte-cursor.js';
import { PlaintextFault } from './message-fault.js';
import { TAG } from './packet-framing.js';
import type { SessionKey } from './session-key.js';

const CIPHER_NAMES: ReadonlyMap<number, enums.symmetricNames> = new Map([
  [2, 'tripledes'],
  [3, 'cast5'],
  [4, 'blowfish'],
  [7, 'aes128'],
  [8, 'aes192'],
  [9, 'aes256'],
  [10, 'twofish'],
]);
const PART_BYTES_LOG2 = 16;
/** Looked at so often, because a process may have been stopped between two looks. */
const STALL_LOOKS = 6;
const LOOK_MS = 500;

/** What a reading by `openpgp` needs to know of the encrypted packet. */
export interface EncryptedPacket {
  readonly tag: number;
  readonly body: AsyncIterable<Buffer>;
}

/**
 * The literal bytes of an encrypted packet. Nothing of it counts until it has ended without a fault.
 */
export async function* decryptByOpenpgp(
  packet: EncryptedPacket,
  sessionKey: SessionKey,
): AsyncGenerator<Buffer, void, undefined> {
  const cursor = new ByteCursor(packet.body);
  const head = await cursor.peek(4);
  const isAead = packet.tag === TAG.encryptedWithOcb || head[0] === 2;
  if (isAead) requireKnownAead(head);
  const algorithm = CIPHER_NAMES.get((isAead ? head[1] : sessionKey.cipher) ?? 0);
  if (algorithm === undefined) {
    throw new PlaintextFault(
      'unsupported',
      `its cipher has number ${sessionKey.cipher ?? 'none'}, which is not supported; decrypt it with gpg`,
    );
  }
  const framing = inParts(packet.tag, cursor);
  const source = toSource(framing.chunks);
  try {
    const message = await readMessage<ReadableStream<Uint8Array>>({
      binaryMessage: source.stream,
      config: { enableParsingV5Entities: true },
    });
    const decrypted = decrypt({
      message,
      sessionKeys: { data: sessionKey.bytes, algorithm },
      format: 'binary',
      config: {
        allowUnauthenticatedStream: true,
        enableParsingV5Entities: true,
        maxDecompressedMessageSize: Number.POSITIVE_INFINITY,
      },
    });
    const { data } = await unlessStalled(decrypted, source);
    yield* fromStream(data, source);
  } catch (cause) {
    // What went wrong while reading is the reason, whatever `openpgp` made of it.
    throw (
      framing.fault() ??
      new PlaintextFault(
        'integrity-failed',
        `its integrity code does not hold, or its content is damaged (${messageOf(cause)})`,
        { cause },
      )
    );
  }
  const fault = framing.fault();
  if (fault !== undefined) throw fault;
}

/** The literal bytes inside a body compressed with bzip2 (whose integrity was verified before). */
export async function* readBzip2Content(
  body: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  async function* packet(): AsyncGenerator<Buffer, void, undefined> {
    // An old-format header of a compressed packet that reaches to the end, then the algorithm.
    yield Buffer.of(0x80 | (TAG.compressed << 2) | 3, 3);
    yield* body;
  }
  const source = toSource(packet());
  try {
    const message = await readMessage<ReadableStream<Uint8Array>>({
      binaryMessage: source.stream,
      config: { maxDecompressedMessageSize: Number.POSITIVE_INFINITY },
    });
    const literal = message.getLiteralData();
    if (literal === null) throw new PlaintextFault('damaged', 'it holds no content');
    yield* fromStream(literal, source);
  } catch (cause) {
    if (cause instanceof PlaintextFault) throw cause;
    throw new PlaintextFault(
      'damaged',
      `its content, compressed with bzip2, is damaged or ends early (${messageOf(cause)})`,
      { cause },
    );
  }
}

/** Puts a header in front of a body of unknown length again, and keeps the fault of its source. */
function inParts(
  tag: number,
  cursor: ByteCursor,
): { readonly chunks: AsyncIterable<Buffer>; readonly fault: () => unknown } {
  let fault: unknown;
  async function* chunks(): AsyncGenerator<Buffer, void, undefined> {
    const partBytes = 1 << PART_BYTES_LOG2;
    try {
      yield Buffer.of(0xc0 | tag);
      for (;;) {
        const part = await cursor.peek(partBytes);
        cursor.skip(part.length);
        if (part.length < partBytes) {
          const length = Buffer.alloc(5, 0xff);
          length.writeUInt32BE(part.length, 1);
          yield Buffer.concat([length, part]);
          return;
        }
        yield Buffer.concat([Buffer.of(0xe0 | PART_BYTES_LOG2), part]);
      }
    } catch (error) {
      fault = error;
      throw error;
    }
  }
  return { chunks: chunks(), fault: () => fault };
}

interface Source {
  readonly stream: ReadableStream<Uint8Array>;
  /** How often it was asked. */
  asked: number;
  /** The answer is not there yet. */
  isReading: boolean;
}

function toSource(chunks: AsyncIterable<Buffer>): Source {
  const iterator = chunks[Symbol.asyncIterator]();
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        source.asked += 1;
        source.isReading = true;
        try {
          const next = await iterator.next();
          if (next.done === true) controller.close();
          else controller.enqueue(next.value);
        } finally {
          source.isReading = false;
        }
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  const source: Source = { stream, asked: 0, isReading: false };
  return source;
}

/** @throws Error where whoever works on a source asks it for nothing for a while, and is not done. */
async function unlessStalled<Result>(work: Promise<Result>, source: Source): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  let { asked } = source;
  let looks = 0;
  const stalled = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      looks = source.isReading || source.asked !== asked ? 0 : looks + 1;
      asked = source.asked;
      if (looks === STALL_LOOKS) reject(new Error('it has no end'));
    }, LOOK_MS);
  });
  return Promise.race([work, stalled]).finally(() => clearInterval(timer));
}

async function* fromStream(
  stream: ReadableStream<Uint8Array>,
  source: Source,
): AsyncGenerator<Buffer, void, undefined> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const next = await unlessStalled(reader.read(), source);
      if (next.done) return;
      yield Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
  } finally {
    await unlessStalled(reader.cancel(), source);
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
