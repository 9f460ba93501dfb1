/** Buffers held by reference give the bytes that the library's own copying gives. */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type EncoderClass, keepByReference } from './lean-encoder.js';

interface Writing {
  readonly buffer: Buffer;
  writeInt32(value: number): Writing;
  writeVarInt(value: number): Writing;
  writeString(value: string): Writing;
  writeBytes(value: Buffer): Writing;
  writeVarIntBytes(value: Buffer): Writing;
  writeEncoder(value: Writing): Writing;
  writeArray(values: readonly Writing[]): Writing;
  writeArray(values: readonly Writing[], type: 'object'): Writing;
  size(): number;
}
type Class = EncoderClass & { new (): Writing };

const require = createRequire(import.meta.url);
const FILE = require.resolve('kafkajs/src/protocol/encoder');

/** The class as the library has it, loaded anew. */
function freshClass(): Class {
  delete require.cache[FILE];
  return require(FILE) as Class;
}

type Step =
  | { readonly kind: 'number' | 'varint'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'bytes' | 'varbytes'; readonly length: number }
  | { readonly kind: 'nested' | 'array' | 'objects'; readonly steps: readonly Step[] };

const { step: steps } = fc.letrec<{ step: Step[]; one: Step }>((tie) => ({
  step: fc.array(tie('one'), { maxLength: 6 }),
  one: fc.oneof(
    { depthSize: 'small' },
    fc.record({
      kind: fc.constantFrom('number' as const, 'varint' as const),
      value: fc.integer({ min: 0, max: 1e9 }),
    }),
    fc.record({ kind: fc.constant('text' as const), value: fc.string({ maxLength: 40 }) }),
    fc.record({
      kind: fc.constantFrom('bytes' as const, 'varbytes' as const),
      // Around the size from which buffers are kept.
      length: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 16_380, max: 40_000 })),
    }),
    fc.record({
      kind: fc.constantFrom('nested' as const, 'array' as const, 'objects' as const),
      steps: tie('step'),
    }),
  ),
}));

function write(Encoder: Class, all: readonly Step[]): Writing {
  const to = new Encoder();
  for (const step of all) {
    switch (step.kind) {
      case 'number':
        to.writeInt32(step.value);
        break;
      case 'varint':
        to.writeVarInt(step.value);
        break;
      case 'text':
        to.writeString(step.value);
        break;
      case 'bytes':
        to.writeBytes(Buffer.alloc(step.length, step.length));
        break;
      case 'varbytes':
        to.writeVarIntBytes(Buffer.alloc(step.length, step.length));
        break;
      case 'nested':
        to.writeEncoder(write(Encoder, step.steps));
        break;
      case 'array':
        to.writeArray([write(Encoder, step.steps), write(Encoder, step.steps)]);
        break;
      case 'objects':
        to.writeArray([write(Encoder, step.steps)], 'object');
        break;
    }
  }
  return to;
}

test('whatever is written, in whatever nesting, its bytes and its size are those of the library', () => {
  const Plain = freshClass();
  const Lean = freshClass();
  keepByReference(Lean);
  fc.assert(
    fc.property(steps, (all) => {
      const wanted = write(Plain, all);
      const lean = write(Lean, all);
      expect(lean.size()).toBe(wanted.size());
      expect(lean.buffer.equals(wanted.buffer)).toBe(true);
      // Written on after its buffer was asked for.
      wanted.writeInt32(7);
      lean.writeInt32(7);
      expect(lean.size()).toBe(wanted.size());
      expect(lean.buffer.equals(wanted.buffer)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('a large value is not copied before the request is put together', () => {
  const Lean = freshClass();
  keepByReference(Lean);
  const value = Buffer.alloc(1 << 20);
  const outer = new Lean().writeEncoder(new Lean().writeVarIntBytes(value));
  expect(Object.values(outer).flat()).toContain(value);
});

test('a class that looks different is left alone', () => {
  const prototype = { writeEncoder: () => undefined };
  const before = { ...prototype };
  keepByReference({ prototype } as unknown as EncoderClass);
  expect(prototype).toEqual(before);
});
