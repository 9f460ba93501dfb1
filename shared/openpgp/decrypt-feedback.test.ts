import { createCipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FEEDBACK_CIPHERS, FeedbackDecryptor } from './decrypt-feedback.js';

test.each([...FEEDBACK_CIPHERS.values()])(
  '$name gives what the CFB mode of OpenSSL gives, however the bytes are divided',
  (cipher) => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(40), { maxLength: 6 }),
        fc.nat(100),
        fc.nat(3),
        (wholeBlocks, lastBytes, misalignedBytes) => {
          const key = randomBytes(cipher.keyBytes);
          const iv = randomBytes(cipher.blockBytes);
          const lengths = [...wholeBlocks.map((count) => count * cipher.blockBytes), lastBytes];
          const plain = randomBytes(lengths.reduce((sum, length) => sum + length, 0));
          const openssl = createCipheriv(
            cipher.ecb === 'des-ede3' ? 'des-ede3-cfb' : cipher.ecb.replace('ecb', 'cfb'),
            key,
            iv,
          );
          const encrypted = Buffer.concat([openssl.update(plain), openssl.final()]);

          const decryptor = new FeedbackDecryptor(cipher, key, iv);
          const pieces: Buffer[] = [];
          let from = 0;
          for (const length of lengths) {
            const piece = Buffer.alloc(length + misalignedBytes).subarray(misalignedBytes);
            encrypted.copy(piece, 0, from, from + length);
            decryptor.decrypt(piece);
            pieces.push(piece);
            from += length;
          }
          expect(Buffer.concat(pieces).equals(plain)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  },
);
