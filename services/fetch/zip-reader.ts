/**
 * yauzl's way of reading, over our port. yauzl asks for a few dozen bytes at a time; the window
 * turns that into few reads of the source. A read past the end gives yauzl an error and never
 * throws, so that a damaged offset of 2^63 is a fault of the zip and not of the process.
 */
import { RandomAccessReader } from 'yauzl';
import { type RandomAccess, readAhead } from './random-access.js';

export class ZipReader extends RandomAccessReader {
  readonly #source: RandomAccess;
  #window: RandomAccess;

  constructor(source: RandomAccess, windowBytes: number) {
    super();
    this.#source = source;
    this.#window = readAhead(source, windowBytes);
  }

  /** How much is read at once from here on. */
  set windowBytes(windowBytes: number) {
    this.#window = readAhead(this.#source, windowBytes);
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#fill(buffer.subarray(offset, offset + length), position).then(
      () => callback(null),
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
    );
  }

  async #fill(target: Buffer, position: number): Promise<void> {
    const read = await this.#window.read(position, target.length);
    if (read.length < target.length) {
      throw new Error(`byte ${position + target.length} lies past the end of the file`);
    }
    read.copy(target);
  }
}
