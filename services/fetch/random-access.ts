/**
 * Reading ranges of a package without reading the package: a local file here, an object in a store
 * in open-object.ts. A range that reaches past the end comes back short; nothing throws for
 * it, because a package that ends too early is a fault of the data, not of the reader.
 */
import { open } from 'node:fs/promises';

export interface RandomAccess {
  /** The size of the whole package. */
  readonly bytes: number;
  read(offset: number, lengthBytes: number): Promise<Buffer>;
}

export interface OpenFile extends RandomAccess, AsyncDisposable {}

export async function openFile(path: string): Promise<OpenFile> {
  const file = await open(path, 'r');
  try {
    const { size: bytes } = await file.stat();
    return {
      bytes,
      async read(offset, lengthBytes) {
        const target = Buffer.allocUnsafe(clampLength({ offset, lengthBytes, bytes }));
        let filled = 0;
        while (filled < target.length) {
          const { bytesRead } = await file.read(
            target,
            filled,
            target.length - filled,
            offset + filled,
          );
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return target.subarray(0, filled);
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The same port over bytes in memory. */
export function overBuffer(source: Buffer): RandomAccess {
  const bytes = source.length;
  return {
    bytes,
    read: async (offset, lengthBytes) =>
      source.subarray(offset, offset + clampLength({ offset, lengthBytes, bytes })),
  };
}

/**
 * Serves small reads from one window of `windowBytes`, so that neighbouring headers cost one read
 * of the source. A read that the window does not hold moves the window to its offset.
 */
export function readAhead(source: RandomAccess, windowBytes: number): RandomAccess {
  let window: Buffer = Buffer.alloc(0);
  let windowOffset = 0;
  return {
    bytes: source.bytes,
    async read(offset, lengthBytes) {
      const wanted = clampLength({ offset, lengthBytes, bytes: source.bytes });
      const isHeld = offset >= windowOffset && offset + wanted <= windowOffset + window.length;
      if (!isHeld) {
        window = await source.read(offset, Math.max(wanted, windowBytes));
        windowOffset = offset;
      }
      return window.subarray(offset - windowOffset, offset - windowOffset + wanted);
    },
  };
}

function clampLength(range: { offset: number; lengthBytes: number; bytes: number }): number {
  return Math.max(0, Math.min(range.lengthBytes, range.bytes - range.offset));
}
