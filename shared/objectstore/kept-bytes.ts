/**
 * Ciphertext that was fetched once and may be asked for again: in memory where it is little, else in a
 * file that has no name any more, so that nothing of it is left behind however the process ends.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { EdxstreamError } from '#shared/errors';

/** What a worker keeps of one member in memory; most log files of a server and a day are smaller. */
const MEMORY_BYTES_MAX = 8 << 20;

export class KeptBytes implements AsyncDisposable {
  readonly #directory: string;
  readonly #isInMemory: boolean;
  readonly #chunks: { readonly offset: number; readonly chunk: Buffer }[] = [];
  #file: FileHandle | undefined;
  #bytes = 0;

  /** `bytesExpected` decides where they go. */
  constructor(directory: string, bytesExpected: number) {
    this.#directory = directory;
    this.#isInMemory = bytesExpected <= MEMORY_BYTES_MAX;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async append(chunk: Buffer): Promise<void> {
    if (this.#isInMemory) this.#chunks.push({ offset: this.#bytes, chunk });
    else await this.#write(chunk);
    this.#bytes += chunk.length;
  }

  /** Bytes from `position` on, at least one where there is one, at most `countMax`. */
  async read(position: number, countMax: number): Promise<Buffer> {
    if (this.#file === undefined) {
      const at = this.#chunks.findLast(({ offset }) => offset <= position);
      if (at === undefined) return Buffer.alloc(0);
      return at.chunk.subarray(position - at.offset, position - at.offset + countMax);
    }
    const target = Buffer.allocUnsafeSlow(Math.min(countMax, this.#bytes - position));
    const { bytesRead } = await this.#file.read(target, 0, target.length, position);
    return target.subarray(0, bytesRead);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#chunks.length = 0;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #write(chunk: Buffer): Promise<void> {
    try {
      this.#file ??= await openNameless(this.#directory);
      await this.#file.writeFile(chunk);
    } catch (cause) {
      const isFull = cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC';
      throw new EdxstreamError(
        isFull ? 'DISK_FULL' : 'TARGET_UNWRITABLE',
        `What was fetched cannot be kept in ${this.#directory} (EDXSTREAM_SPOOL): ${String(cause)}.`,
        { cause },
      );
    }
  }
}

async function openNameless(directory: string): Promise<FileHandle> {
  const path = join(directory, `edxstream-${randomBytes(12).toString('hex')}.gpg`);
  const file = await open(path, 'wx+', 0o600);
  try {
    await unlink(path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
