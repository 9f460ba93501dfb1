/**
 * Writes one OpenPGP message as GnuPG writes it, from a stream of plaintext of unknown length.
 *
 *   PKESK (czar) │ PKESK (edX master) │ SEIPD v1, partial lengths
 *                                       └ AES-256 CFB of: 16 random bytes, 2 repeated,
 *                                         compressed packet └ literal packet, partial lengths
 *                                         MDC: SHA-1 of all of the above
 *
 * Deflating runs on the thread pool of libuv, so it costs the producer nothing but a copy.
 */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { PassThrough, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createDeflate, createDeflateRaw } from 'node:zlib';
import { encryptSessionKey } from 'openpgp';
import { PartialFraming } from './packet-lengths.js';
import type { Recipients } from './write-keys.js';

const TAG_LITERAL = 11;
const TAG_SEIPD = 18;
/** Compressed data packet, old format, length up to the end: what GnuPG writes. */
const COMPRESSED_HEAD = 0xa3;

export interface MessageOptions {
  readonly recipients: Recipients;
  readonly compression: 'zip' | 'zlib' | 'none';
  readonly level: number;
  /** The file name in the literal packet. */
  readonly fileName: string;
}

export interface WrittenMessage {
  readonly path: string;
  readonly bytes: number;
  readonly sessionKey: Buffer;
  /** Where the SEIPD packet begins, after the packets with the session key. */
  readonly bodyOffset: number;
}

/** Wraps a session key for both recipients. */
export async function wrapSessionKey(sessionKey: Buffer, recipients: Recipients): Promise<Buffer> {
  const wrapped = await encryptSessionKey({
    data: sessionKey,
    algorithm: 'aes256',
    encryptionKeys: [recipients.czar, recipients.master],
    format: 'binary',
  });
  return Buffer.from(wrapped);
}

/** Encrypts packets into one SEIPD packet with its MDC. */
export async function* sealPackets(
  packets: AsyncIterable<Buffer>,
  sessionKey: Buffer,
): AsyncIterable<Buffer> {
  const cipher = createCipheriv('aes-256-cfb', sessionKey, Buffer.alloc(16));
  const digest = createHash('sha1');
  const framing = new PartialFraming(TAG_SEIPD);
  const seal = (clear: Buffer) => {
    digest.update(clear);
    return cipher.update(clear);
  };
  const random = randomBytes(16);
  const prefix = seal(Buffer.concat([random, random.subarray(14)]));
  yield framing.push(Buffer.concat([Buffer.from([1]), prefix]));
  for await (const chunk of packets) yield framing.push(seal(chunk));
  const mdcHead = seal(Buffer.from([0xd3, 0x14]));
  yield framing.push(Buffer.concat([mdcHead, cipher.update(digest.digest()), cipher.final()]));
  yield framing.end();
}

export class MessageWriter {
  readonly #path: string;
  readonly #compression: MessageOptions['compression'];
  readonly #deflate: Transform;
  readonly #literal = new PartialFraming(TAG_LITERAL);
  readonly #sessionKey = randomBytes(32);
  readonly #finished: Promise<number>;

  constructor(path: string, options: MessageOptions) {
    this.#path = path;
    this.#compression = options.compression;
    const settings = { level: options.level, chunkSize: 1 << 16 };
    this.#deflate =
      options.compression === 'zip'
        ? createDeflateRaw(settings)
        : options.compression === 'zlib'
          ? createDeflate(settings)
          : new PassThrough();
    // Several pieces may wait for the same drain, each with a listener or two.
    this.#deflate.setMaxListeners(100);
    this.#finished = this.#run(options.recipients);
    // Whoever writes or ends sees the failure; without this line it would also be unhandled.
    this.#finished.catch(() => {});
    const name = Buffer.from(options.fileName, 'utf8').subarray(0, 255);
    this.#deflate.write(
      this.#literal.push(Buffer.concat([Buffer.from([0x62, name.length]), name, Buffer.alloc(4)])),
    );
  }

  /** Resolves when more may be written. */
  async write(plaintext: Buffer): Promise<void> {
    if (this.#deflate.write(this.#literal.push(plaintext))) return;
    const drained = once(this.#deflate, 'drain');
    drained.catch(() => {});
    await Promise.race([drained, this.#finished]);
  }

  /** Resolves when the message is on disk. */
  async end(): Promise<WrittenMessage> {
    this.#deflate.end(this.#literal.end());
    const bodyOffset = await this.#finished;
    const { size } = await stat(this.#path);
    return { path: this.#path, bytes: size, sessionKey: this.#sessionKey, bodyOffset };
  }

  /** Gives the message up; resolves when nothing is written to its file any more. */
  async abandon(): Promise<void> {
    this.#deflate.destroy();
    await this.#finished.catch(() => {});
  }

  async #run(recipients: Recipients): Promise<number> {
    const wrapped = await wrapSessionKey(this.#sessionKey, recipients);
    const sessionKey = this.#sessionKey;
    const head = { zip: [COMPRESSED_HEAD, 1], zlib: [COMPRESSED_HEAD, 2], none: [] };
    const first = Buffer.from(head[this.#compression]);
    await pipeline(
      this.#deflate,
      async function* sealed(chunks: AsyncIterable<Buffer>) {
        yield wrapped;
        yield* sealPackets(prepend(first, chunks), sessionKey);
      },
      createWriteStream(this.#path, { mode: 0o600 }),
    );
    return wrapped.length;
  }
}

async function* prepend(first: Buffer, rest: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  yield first;
  yield* rest;
}
