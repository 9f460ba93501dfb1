import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EdxstreamError } from '#shared/errors';
import { MemoryBlocks } from '#shared/kernel/memory-blocks';

const PAGE = 65_536;

test('blocks that are out at the same time never share a byte, and one that came back is used again', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 9 * PAGE }), fc.nat())), (steps) => {
      const memory = new SharedArrayBuffer(4096 * PAGE);
      const blocks = new MemoryBlocks(memory);
      const out: { place: number; bytes: number }[] = [];
      for (const [bytes, which] of steps) {
        if (which % 3 === 0 && out.length > 0) {
          const [given] = out.splice(which % out.length, 1);
          blocks.give(given?.place ?? 0);
          continue;
        }
        const place = blocks.take(bytes);
        expect(blocks.sizeOf(place)).toBeGreaterThanOrEqual(bytes);
        expect(place + blocks.sizeOf(place)).toBeLessThanOrEqual(memory.byteLength);
        const clash = out.find(
          (one) =>
            place < one.place + blocks.sizeOf(one.place) &&
            one.place < place + blocks.sizeOf(place),
        );
        expect(clash).toBeUndefined();
        out.push({ place, bytes });
        // Whoever has a block may fill it whole.
        new Uint8Array(memory, place, blocks.sizeOf(place)).fill(0xff);
      }
    }),
    { numRuns: 100 },
  );
  const blocks = new MemoryBlocks(new SharedArrayBuffer(64 * PAGE));
  const place = blocks.take(100);
  blocks.give(place);
  expect(blocks.take(PAGE)).toBe(place);
});

test('memory that is used up is told as such, and is there again when something comes back', () => {
  const blocks = new MemoryBlocks(new SharedArrayBuffer(16 * PAGE));
  const places: number[] = [];
  const takeAll = (): void => {
    for (;;) places.push(blocks.take(2 * PAGE));
  };
  expect(takeAll).toThrow(EdxstreamError);
  expect(places.length).toBeGreaterThan(4);
  expect(() => blocks.take(8 * PAGE)).toThrow('bytes for events in work');
  blocks.give(places[0] ?? 0);
  expect(blocks.take(2 * PAGE)).toBe(places[0]);
});

test('threads that take and give at once are never given the same block', async () => {
  const memory = new SharedArrayBuffer(512 * PAGE);
  const built = path.resolve(import.meta.dirname, '../../dist/shared/kernel/memory-blocks.js');
  const url = pathToFileURL(built).href;
  // Each thread signs its blocks and looks whether its signature is still there.
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(${JSON.stringify(url)}).then(({ MemoryBlocks }) => {
      const blocks = new MemoryBlocks(workerData.memory);
      let clashes = 0;
      for (let round = 0; round < 20_000; round += 1) {
        const places = [1, 2, 3].map((pages) => blocks.take(pages * ${PAGE}));
        for (const place of places) new Uint32Array(workerData.memory, place, 1)[0] = workerData.me + round;
        for (const place of places) {
          if (new Uint32Array(workerData.memory, place, 1)[0] !== workerData.me + round) clashes += 1;
        }
        for (const place of places) blocks.give(place);
      }
      parentPort.postMessage(clashes);
    });`;
  const clashes = await Promise.all(
    [1, 2, 3].map(
      (me) =>
        new Promise((resolve, reject) => {
          const worker = new Worker(code, {
            eval: true,
            execArgv: [],
            workerData: { memory, me: me << 20 },
          });
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
    ),
  );
  expect(clashes).toEqual([0, 0, 0]);
});
