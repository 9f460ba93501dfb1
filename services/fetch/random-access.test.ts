import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openFile, overBuffer, readAhead } from './random-access.js';

const source = Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 251));

test('a window gives the bytes of its source for reads in any order, also past the end', async () => {
  const aRead = fc.record({ offset: fc.nat(1100), lengthBytes: fc.nat(300) });
  const reads = fc.array(aRead, { minLength: 1, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(reads, fc.integer({ min: 1, max: 200 }), async (sequence, windowBytes) => {
      const reader = readAhead(overBuffer(source), windowBytes);
      for (const { offset, lengthBytes } of sequence) {
        expect(await reader.read(offset, lengthBytes)).toEqual(
          source.subarray(offset, offset + lengthBytes),
        );
      }
    }),
  );
});

test('a file gives the same bytes as memory, and comes back short at its end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'edxstream-access-'));
  try {
    writeFileSync(join(folder, 'package'), source);
    await using file = await openFile(join(folder, 'package'));
    expect(file.bytes).toBe(1000);
    expect(await file.read(10, 20)).toEqual(source.subarray(10, 30));
    expect(await file.read(990, 20)).toEqual(source.subarray(990));
    expect(await file.read(2000, 20)).toEqual(Buffer.alloc(0));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
