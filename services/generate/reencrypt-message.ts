/**
 * Writes a message of ours again under a fresh session key: the same plaintext, another ciphertext,
 * as when edX encrypted a whole archive anew. The compressed packet is taken over as it is, so
 * nothing is compressed twice.
 */
import { createDecipheriv, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { assert } from '#shared/errors';
import type { Recipients } from './write-keys.js';
import { sealPackets, type WrittenMessage, wrapSessionKey } from './write-message.js';

/** 16 random bytes and the last two again. */
const PREFIX_BYTES = 18;
/** The MDC packet: its head of two bytes and a SHA-1. */
const MDC_BYTES = 22;

export async function reencryptMessage(
  message: WrittenMessage,
  target: string,
  recipients: Recipients,
): Promise<WrittenMessage> {
  const sessionKey = randomBytes(32);
  const wrapped = await wrapSessionKey(sessionKey, recipients);
  await pipeline(
    async function* again() {
      yield wrapped;
      yield* sealPackets(openPackets(message), sessionKey);
    },
    createWriteStream(target, { mode: 0o600 }),
  );
  const { size } = await stat(target);
  return { path: target, bytes: size, sessionKey, bodyOffset: wrapped.length };
}

/** The packets inside of a message, without prefix and MDC. */
async function* openPackets(message: WrittenMessage): AsyncIterable<Buffer> {
  const decipher = createDecipheriv('aes-256-cfb', message.sessionKey, Buffer.alloc(16));
  // What may still turn out to be the MDC is held back.
  let held: Buffer = Buffer.alloc(0);
  let skipBytes = PREFIX_BYTES;
  for await (const part of packetParts(message)) {
    const clear = decipher.update(part);
    const skipped = Math.min(skipBytes, clear.length);
    skipBytes -= skipped;
    held = Buffer.concat([held, clear.subarray(skipped)]);
    if (held.length <= MDC_BYTES) continue;
    yield held.subarray(0, held.length - MDC_BYTES);
    held = held.subarray(held.length - MDC_BYTES);
  }
}

/** The content of the SEIPD packet, without the octets of its length and its version. */
async function* packetParts(message: WrittenMessage): AsyncIterable<Buffer> {
  let unread: Buffer = Buffer.alloc(0);
  let partBytes = 0;
  let isFirst = true;
  const stream = createReadStream(message.path, { start: message.bodyOffset + 1 });
  // A file read as a stream of buffers yields buffers; the type of a chunk is wider than that.
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
    for (;;) {
      if (partBytes === 0) {
        // Two octets are enough for every length that PartialFraming writes, and at least one
        // byte of content follows each length.
        if (unread.length < 2) break;
        const length = lengthAt(unread);
        partBytes = length.bytes;
        unread = unread.subarray(length.octets);
      }
      const part = unread.subarray(0, partBytes);
      if (part.length === 0) break;
      partBytes -= part.length;
      unread = unread.subarray(part.length);
      yield isFirst ? part.subarray(1) : part;
      isFirst = false;
    }
  }
  assert(partBytes === 0 && unread.length === 0, 'a message of ours ends where its length says');
}

function lengthAt(bytes: Buffer): { readonly octets: number; readonly bytes: number } {
  const first = bytes[0] ?? 0;
  if (first < 192) return { octets: 1, bytes: first };
  if (first < 224) return { octets: 2, bytes: ((first - 192) << 8) + (bytes[1] ?? 0) + 192 };
  return { octets: 1, bytes: 2 ** (first & 0x1f) };
}
