/**
 * The body of an insert on its way into a socket, which holds on to what it is given: whoever makes the body
 * may use a chunk again once the next one is asked for, so pieces are copied, few at a time.
 */
const PIECE_BYTES = 1 << 20;

/** Keeps the error of the body apart from those of the way, in `fault`. */
export async function* copied(
  body: AsyncIterable<Uint8Array>,
  fault: { ofBody?: unknown },
): AsyncIterable<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { value: chunk, done } = await chunks.next().catch((error: unknown) => {
        fault.ofBody = error;
        throw error;
      });
      if (done === true) return;
      for (let from = 0; from < chunk.length; from += PIECE_BYTES) {
        yield Buffer.from(chunk.subarray(from, from + PIECE_BYTES));
      }
    }
  } finally {
    await chunks.return?.();
  }
}
