/**
 * A named pipe that feeds the embedded engine: the engine reads it as a file, this process writes.
 *
 *   body ──write()──► pipe ──file('<pipe>', Native)──► INSERT … SELECT
 *
 * It is the fastest way in that the engine offers to Node.js (no copy into SQL text, any format),
 * and nothing of what passes through it is stored on disk. The pipe lives in a directory that only
 * this user can enter.
 *
 * What surprises: the descriptor is opened for reading as well. Opening for writing alone waits for
 * a reader, which never comes when the statement is refused, and a full pipe with no reader would
 * leave the writing thread stuck for good. With both ends open here, a failed statement is answered
 * by emptying the pipe ourselves (`drain`) until the pending write returns.
 *
 * No other program may be started while a pipe is fed: until the child becomes that program it has the
 * descriptor too, is taken for the reader, and the engine waits for ever at a pipe that nobody writes any
 * more. To make a pipe is to start one, so whoever feeds several at once makes all of them before.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface NamedPipe extends AsyncDisposable {
  readonly path: string;
  /**
   * Writes `body` while `reader` reads, and resolves when the reader has ended. Rejects with the
   * reader's error if it fails, with the body's error if that fails first.
   */
  feed(body: AsyncIterable<Uint8Array>, reader: () => Promise<void>): Promise<void>;
}

/** Makes pipes with `mkfifo`, which every system the engine runs on has. */
export async function makeNamedPipes(count: number): Promise<NamedPipe[]> {
  const directories = await Promise.all(
    Array.from({ length: count }, () => mkdtemp(join(tmpdir(), 'edxstream-'))),
  );
  const paths = directories.map((directory) => join(directory, 'bulk'));
  await run('mkfifo', ['-m', '600', ...paths]);
  return directories.map((directory) => {
    const path = join(directory, 'bulk');
    return {
      path,
      feed: (body, reader) => feed(path, body, reader),
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
    };
  });
}

async function feed(
  path: string,
  body: AsyncIterable<Uint8Array>,
  reader: () => Promise<void>,
): Promise<void> {
  const writer = await open(path, constants.O_RDWR);
  const state = { readerEnded: false };
  let readerError: unknown;
  const read = reader().then(
    () => {
      state.readerEnded = true;
    },
    (error: unknown) => {
      state.readerEnded = true;
      readerError = error;
    },
  );
  const readFailed = read.then(() => 'reader-ended' as const);
  let bodyError: unknown;
  try {
    for await (const chunk of body) {
      const written = writeAll(writer, chunk, state);
      if ((await Promise.race([written, readFailed])) === 'reader-ended') {
        await drainUntil(path, written);
        break;
      }
    }
  } catch (error) {
    // A reader that complains afterwards complains of what the body left out: the body is the cause.
    if (readerError === undefined) bodyError = error;
  } finally {
    // The reader sees the end of the file only when the last writing descriptor is closed.
    await closeOnceRead(writer, path, state);
  }
  await read;
  if (bodyError !== undefined) throw bodyError;
  if (readerError !== undefined) throw readerError;
}

/**
 * What was written last may still be in the pipe's buffer, and a reader that has not opened the pipe
 * yet would find it gone, so the pipe is kept until the reader has it open: opening it for writing
 * without waiting is refused for as long as nobody reads.
 */
async function closeOnceRead(
  writer: FileHandle,
  path: string,
  state: { readonly readerEnded: boolean },
): Promise<void> {
  const kept = await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
  await writer.close();
  try {
    while (!state.readerEnded) {
      const probe = await open(path, constants.O_WRONLY | constants.O_NONBLOCK).catch(
        () => undefined,
      );
      if (probe !== undefined) {
        await probe.close();
        return;
      }
      await new Promise((resume) => setTimeout(resume, 2));
    }
  } finally {
    await kept.close();
  }
}

async function writeAll(
  writer: FileHandle,
  chunk: Uint8Array,
  state: { readonly readerEnded: boolean },
): Promise<'written'> {
  let offset = 0;
  while (offset < chunk.length && !state.readerEnded) {
    const { bytesWritten } = await writer.write(chunk, offset, chunk.length - offset);
    offset += bytesWritten;
  }
  return 'written';
}

async function drainUntil(path: string, written: Promise<unknown>): Promise<void> {
  const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const sink = Buffer.allocUnsafe(1 << 16);
  let pending = true;
  const done = written
    .catch(() => undefined)
    .then(() => {
      pending = false;
    });
  try {
    while (pending) {
      const { bytesRead } = await reader.read(sink, 0, sink.length).catch(() => ({ bytesRead: 0 }));
      if (bytesRead === 0)
        await Promise.race([done, new Promise((resume) => setTimeout(resume, 5))]);
    }
  } finally {
    await reader.close();
  }
}
