import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitCsvRecord } from './split-csv-record.js';

/** As Python's csv module writes: quotes only where they are needed. */
function writeField(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'ü') });

test('fields that were written with the quotes they need are read back', () => {
  fc.assert(
    fc.property(fc.array(field, { minLength: 1 }), (fields) => {
      const text = fields.map(writeField).join(',');
      expect(splitCsvRecord(text)).toEqual({ kind: 'whole', fields });
    }),
  );
});

test('a record that ends inside quotes is open, and a stray quote is data', () => {
  expect(splitCsvRecord('1,"a')).toEqual({ kind: 'open' });
  expect(splitCsvRecord('1,a "b" c')).toEqual({ kind: 'whole', fields: ['1', 'a "b" c'] });
});
