import { open, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeNamedPipes, type NamedPipe } from '#shared/warehouse/named-pipe';

async function onePipe(): Promise<NamedPipe> {
  const [made] = await makeNamedPipes(1);
  return made as NamedPipe; // one was asked for
}

let pipe: NamedPipe;
beforeAll(async () => {
  pipe = await onePipe();
});
afterAll(async () => {
  await pipe[Symbol.asyncDispose]();
});

async function* body(...chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

/** Feeds `chunks` to a reader that takes everything after a while; what it read. */
async function fed(chunks: AsyncIterable<Uint8Array>, waitMs = 0): Promise<Buffer> {
  let came: Buffer = Buffer.alloc(0);
  await pipe.feed(chunks, async () => {
    await pause(waitMs);
    came = await readFile(pipe.path);
  });
  return came;
}

/** Reads some bytes and closes, as a statement does that fails half-way. */
async function readSome(bytes: number): Promise<void> {
  const file = await open(pipe.path);
  await file.read(Buffer.alloc(bytes), 0, bytes);
  await file.close();
}

const LARGE = Buffer.alloc(3_000_001, 'abcdefg');

test('only this user can enter the directory of the pipe', async () => {
  expect((await stat(dirname(pipe.path))).mode & 0o777).toBe(0o700);
  expect((await stat(pipe.path)).mode & 0o777).toBe(0o600);
});

test('a body larger than the pipe arrives whole', async () => {
  expect(LARGE.equals(await fed(body(LARGE)))).toBe(true);
  const many = Array.from({ length: 300 }, (_, at) =>
    LARGE.subarray(at * 10_000, (at + 1) * 10_000),
  );
  expect(LARGE.subarray(0, 3_000_000).equals(await fed(body(...many)))).toBe(true);
});

test('an empty body is an empty file', async () => {
  expect((await fed(body())).length).toBe(0);
  expect((await fed(body(Buffer.alloc(0)), 30)).length).toBe(0);
});

test('a small body is not lost where the reader comes late', async () => {
  expect((await fed(body(Buffer.from('few bytes')), 50)).toString()).toBe('few bytes');
});

test('a reader that fails at once ends the feeding with its error, however large the body', async () => {
  for (const chunks of [body(), body(Buffer.from('few')), body(LARGE, LARGE)]) {
    const feeding = pipe.feed(chunks, () => Promise.reject(new Error('no such table')));
    await expect(feeding).rejects.toThrow('no such table');
  }
});

test('a reader that fails in the middle ends the feeding, and the rest of the body is let go', async () => {
  let isLetGo = false;
  async function* endless(): AsyncIterable<Uint8Array> {
    try {
      for (;;) yield LARGE;
    } finally {
      isLetGo = true;
    }
  }
  const feeding = pipe.feed(endless(), async () => {
    await readSome(1000);
    throw new Error('a value cannot be read');
  });
  await expect(feeding).rejects.toThrow('a value cannot be read');
  expect(isLetGo).toBe(true);
});

test('a reader that needs no more ends the feeding without a fault', async () => {
  await pipe.feed(body(LARGE, LARGE), () => readSome(10));
});

test('the fault of a body is told, also where the reader complains of what is missing', async () => {
  async function* broken(): AsyncIterable<Uint8Array> {
    yield Buffer.from('half a bl');
    throw new Error('a batch is gone');
  }
  await expect(pipe.feed(broken(), () => readSome(100))).rejects.toThrow('a batch is gone');
  const complaining = pipe.feed(broken(), async () => {
    await readFile(pipe.path);
    throw new Error('unexpected end of file');
  });
  await expect(complaining).rejects.toThrow('a batch is gone');
});

test('a body that fails before anything is read ends the feeding with its fault', async () => {
  async function* broken(chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
    yield* chunks;
    throw new Error('a batch is gone');
  }
  await expect(fed(broken([]), 20)).rejects.toThrow('a batch is gone');
});

test('after every fault the same pipe serves the next body, with nothing left of the one before', async () => {
  await pipe.feed(body(LARGE), () => Promise.reject(new Error('x'))).catch(() => undefined);
  expect((await fed(body(Buffer.from('next')))).toString()).toBe('next');
});

test('the pipe is gone from the disk afterwards', async () => {
  const other = await onePipe();
  await other[Symbol.asyncDispose]();
  await expect(stat(dirname(other.path))).rejects.toThrow('ENOENT');
});
