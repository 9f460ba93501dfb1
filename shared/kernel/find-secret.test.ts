import fc from 'fast-check';
import { expect, test } from 'vitest';
import { usedKernel } from '#shared/testing/kernel';
import { findSecretCandidate } from '#shared/tracking/mask-secrets';

const KERNEL = usedKernel();
const PLACE = KERNEL.blocks.take(1 << 16);

/** Pieces of what is searched, whole and nearly so. */
const piece = fc.constantFrom(
  ...[
    's',
    'S',
    'p',
    'P',
    'word',
    'Word',
    'WORD',
    'wd',
    'WD',
    'Wd',
    'wD',
    'pass',
    'PASS',
    'PAS',
    'phrase',
    'Phrase',
  ],
  ...[
    'hrase',
    'hras',
    'chrome',
    '\\u0061',
    '\\u006',
    '\\u00',
    '\\u0031',
    '\\u00e9',
    '\\\\u0070',
    '"',
    ' ',
    'x'.repeat(13),
    '\n',
  ],
);

test('the kernel finds the same places as the search that reads in JavaScript, from anywhere', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.nat(40), (pieces, start) => {
      const text = Buffer.from(pieces.join(''), 'latin1');
      const from = Math.min(start, text.length);
      // What lies behind the text must not be seen as part of it.
      KERNEL.bytes.set(text, PLACE);
      KERNEL.bytes.write('word\\u0061 pwd phrase PASSWORD', PLACE + text.length, 'latin1');
      const found = KERNEL.functions.findSecret(PLACE + from, PLACE + text.length) - PLACE;
      const expected = findSecretCandidate(text, from, text.length);
      expect(found).toBe(expected < 0 ? text.length : expected);
    }),
    { numRuns: 5_000 },
  );
});
