import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlaintextDigest } from './plaintext-digest.js';

function digestOf(chunks: readonly Uint8Array[]): string {
  const digest = new PlaintextDigest();
  for (const chunk of chunks) digest.update(Buffer.from(chunk));
  return digest.digest();
}

test('the digest does not depend on where chunks end', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
      expect(digestOf(chunks)).toBe(digestOf([Buffer.concat(chunks)]));
    }),
  );
});

test('a changed byte, a missing one, one more and two that change places give other digests', () => {
  const text = createHmac('sha512', 'seed').update('text').digest();
  const others = [...text.keys()].flatMap((at) => {
    const changed = Buffer.from(text);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const swapped = Buffer.from(text);
    swapped[at] = text[(at + 1) % text.length] ?? 0;
    swapped[(at + 1) % text.length] = text[at] ?? 0;
    return [changed, swapped, text.subarray(0, at)];
  });
  const digests = [text, ...others, Buffer.concat([text, Buffer.alloc(1)])].map((one) =>
    digestOf([one]),
  );
  // Neighbours that are equal bytes change places without a change.
  const equal = [...text.keys()].filter((at) => text[at] === text[(at + 1) % text.length]).length;
  expect(new Set(digests).size).toBe(digests.length - equal);
});

test('the digest is GMAC as everybody has it', () => {
  // Test case 1 of the specification of GCM: nothing at all, under the zero key and nonce.
  expect(digestOf([])).toBe('58e2fccefa7e3061367f1d57a4e7455a');
});
