/** Batches that are put together without copies are those that the library puts together, byte by byte. */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encoderOfKafkajs, keepByReference } from './lean-encoder.js';
import { recordBatchesOfKafkajs, spareChecksums } from './lean-record-batch.js';

interface Encoded {
  readonly buffer: Buffer;
}
const require = createRequire(import.meta.url);
const recordOf = require('kafkajs/src/protocol/recordBatch/record/v0') as (
  message: object,
) => never;
const Long = require('kafkajs/src/utils/long') as { fromValue(value: number): unknown };

keepByReference(encoderOfKafkajs());
const { RecordBatch: asItComes, MAGIC_BYTE } = recordBatchesOfKafkajs();

/** The bytes of a batch, before and after. */
async function both(parts: object): Promise<readonly [Buffer, Buffer]> {
  const module = { RecordBatch: asItComes, MAGIC_BYTE };
  spareChecksums(module);
  const [plain, lean] = await Promise.all([asItComes(parts), module.RecordBatch(parts)]);
  return [(plain as unknown as Encoded).buffer, (lean as unknown as Encoded).buffer];
}

const bytes = fc
  .oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 16_300, max: 40_000 }))
  .map((length) => Buffer.alloc(length, `${length},`));
const messages = fc.array(
  fc.record({
    key: bytes,
    value: fc.option(bytes),
    headers: fc.record({ kind: fc.constant('lines'), lines: fc.string({ maxLength: 40 }) }),
  }),
  { maxLength: 8 },
);

test('a batch has the bytes and the checksum that the library gives it', async () => {
  await fc.assert(
    fc.asyncProperty(messages, fc.nat(), fc.boolean(), async (all, number, transactional) => {
      const records = all.map((message, offsetDelta) => recordOf({ ...message, offsetDelta }));
      const [plain, lean] = await both({
        ...{ records, transactional, lastOffsetDelta: records.length - 1 },
        ...{ firstTimestamp: 1_382_438_400_000, maxTimestamp: 1_382_438_400_001 },
        ...{ producerId: Long.fromValue(number), producerEpoch: 3, firstSequence: number },
      });
      expect(lean.equals(plain)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test('the checksum of a batch is CRC-32C', async () => {
  const [, batch] = await both({ records: [], firstTimestamp: 0, maxTimestamp: 0 });
  const CRC_AT = 17;
  const body = batch.subarray(CRC_AT + 4);
  let crc = 0xffffffff;
  for (const byte of body) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  expect(batch.readUInt32BE(CRC_AT)).toBe((crc ^ 0xffffffff) >>> 0);
});

test('a compressed batch is left to the library', async () => {
  const records = [recordOf({ value: Buffer.from('a line') })];
  const at = { firstTimestamp: 0, maxTimestamp: 0 };
  const [plain, lean] = await both({ records, compression: 1, ...at });
  expect(lean.equals(plain)).toBe(true);
});

test('a module that looks different is left alone', () => {
  const module = { RecordBatch: asItComes, MAGIC_BYTE: 3 };
  spareChecksums(module);
  expect(module.RecordBatch).toBe(asItComes);
});
