/**
 * The stored bytes of a member of a package in a store, fetched once however often they are read: a
 * message is read twice, once to verify it and once to release its plaintext.
 *
 *   first reading    store ──► kept ──► reader      one request, as far as the reader goes
 *   second reading             kept ──► reader      and on from the store where the first had left
 */
import { PlaintextFault } from '#shared/openpgp/message-fault';
import { KeptBytes } from './kept-bytes.js';
import { ObjectReplaced, readRange } from './read-range.js';
import type { StoredObject } from './stored-object.js';

/** What is handed on at once: as much as is read at once from a disk. */
const CHUNK_BYTES = 1 << 20;

export class ObjectMember implements AsyncDisposable {
  readonly #object: StoredObject;
  readonly #range: { readonly offset: number; readonly bytes: number };
  readonly #kept: KeptBytes;
  #download: AsyncGenerator<Buffer, void, undefined> | undefined;
  /** What came with a chunk and belongs to the next one. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(object: StoredObject, range: { readonly offset: number; readonly bytes: number }) {
    this.#object = object;
    this.#range = range;
    this.#kept = new KeptBytes(object.store.spool, range.bytes);
  }

  /** Reads from the start; one reading at a time. */
  async *open(signal?: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
    let position = 0;
    while (position < this.#range.bytes) {
      signal?.throwIfAborted();
      const chunk =
        position < this.#kept.bytes
          ? await this.#kept.read(position, CHUNK_BYTES)
          : await this.#fetch(signal);
      if (chunk.length === 0) return;
      position += chunk.length;
      yield chunk;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#download?.return();
    await this.#kept[Symbol.asyncDispose]();
  }

  async #fetch(signal: AbortSignal | undefined): Promise<Buffer> {
    const { offset, bytes } = this.#range;
    const from = this.#kept.bytes;
    this.#download ??= readRange(
      this.#object,
      { offset: offset + from, bytes: bytes - from },
      signal,
    );
    const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, bytes - from));
    let filled = 0;
    try {
      while (filled < chunk.length) {
        if (this.#rest.length === 0) {
          const next = await this.#download.next();
          if (next.done === true) break;
          this.#rest = next.value;
        }
        const count = this.#rest.copy(chunk, filled);
        this.#rest = this.#rest.subarray(count);
        filled += count;
      }
    } catch (error) {
      if (!(error instanceof ObjectReplaced)) throw error;
      throw new PlaintextFault('replaced', error.message, { cause: error });
    }
    const fetched = chunk.subarray(0, filled);
    await this.#kept.append(fetched);
    return fetched;
  }
}
