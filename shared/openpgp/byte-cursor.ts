/**
 * A reading position in a stream of chunks whose edges fall anywhere.
 *
 *   chunks   [ a b c ][ d ][ e f g h ]
 *                  ^ position: peek(3) → c d e, some(9) → c, then d, then e f g h
 *
 * Few bytes (headers) are peeked at and may be put together from several chunks; many bytes
 * (bodies) come as views of the chunks, uncopied.
 */
const NOTHING = Buffer.alloc(0);

export class ByteCursor {
  readonly #chunks: AsyncIterator<Buffer>;
  #chunk: Buffer = NOTHING;
  #ended = false;
  #position = 0;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** How many bytes were consumed. */
  get position(): number {
    return this.#position;
  }

  /** What can be had without waiting; may be empty although more follows. */
  get ready(): Buffer {
    return this.#chunk;
  }

  /** The next `count` bytes without consuming them; fewer only where the stream ends. */
  async peek(count: number): Promise<Buffer> {
    if (this.#chunk.length < count) {
      // Gathered first and joined once: joining at every chunk would copy the same bytes again.
      const pieces = [this.#chunk];
      let length = this.#chunk.length;
      while (length < count) {
        const piece = await this.#next();
        if (piece === undefined) break;
        pieces.push(piece);
        length += piece.length;
      }
      const [, only] = pieces;
      const isOne = pieces.length === 2 && only !== undefined && only.length === length;
      this.#chunk = isOne ? only : Buffer.concat(pieces, length);
    }
    return this.#chunk.length > count ? this.#chunk.subarray(0, count) : this.#chunk;
  }

  /** Consumes bytes that `peek` or `ready` has shown. */
  skip(count: number): void {
    this.#chunk = this.#chunk.subarray(count);
    this.#position += count;
  }

  /** Consumes the next bytes, at least one and at most `countMax`; undefined at the end. */
  async some(countMax: number): Promise<Buffer | undefined> {
    while (this.#chunk.length === 0) {
      const piece = await this.#next();
      if (piece === undefined) return undefined;
      this.#chunk = piece;
    }
    const bytes = this.#chunk.subarray(0, countMax);
    this.skip(bytes.length);
    return bytes;
  }

  /** Lets go of the stream before its end. */
  async close(): Promise<void> {
    this.#ended = true;
    this.#chunk = NOTHING;
    await this.#chunks.return?.();
  }

  async #next(): Promise<Buffer | undefined> {
    if (this.#ended) return undefined;
    const next = await this.#chunks.next();
    if (next.done !== true) return next.value;
    this.#ended = true;
    return undefined;
  }
}
