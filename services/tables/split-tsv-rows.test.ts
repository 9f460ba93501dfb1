import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countFields, encodedBytesMax, encodeTsvRow, fieldAt } from './encode-tsv-row.js';
import { splitTsvRows, type TsvRow } from './split-tsv-rows.js';
import { unescapeTsv } from './unescape-tsv.js';

/** Bytes that matter to the format come often, others now and then. */
const fileBytes = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...Buffer.from('\\\\\\\t\n\r\0ntr0Nx"')) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
    ),
    { maxLength: 120 },
  )
  .map((bytes) => Buffer.from(bytes));

/** The reference: one byte at a time, values and all, with no thought for speed. */
function readSlowly(file: Buffer): { line: number; fields: string[] }[] {
  const rows: { line: number; fields: string[] }[] = [];
  let line = 1;
  let begin = 1;
  let fields: string[] = [];
  let value: string[] = [];
  let hasBytes = false;
  const endRow = () => {
    rows.push({ line: begin, fields: [...fields, value.join('')] });
    fields = [];
    value = [];
    hasBytes = false;
    begin = line;
  };
  const letters: Record<string, string> = { n: '\n', t: '\t', r: '\r', 0: '\0', '\\': '\\' };
  const text = file.toString('latin1');
  for (let at = 0; at < text.length; at++) {
    const byte = text[at] ?? '';
    const next = text[at + 1];
    if (byte === '\n') {
      line++;
      endRow();
      continue;
    }
    hasBytes = true;
    if (byte === '\t') {
      fields.push(value.join(''));
      value = [];
    } else if (byte === '\\' && next !== undefined && (next in letters || '\t\n'.includes(next))) {
      value.push(letters[next] ?? next);
      if (next === '\n') line++;
      at++;
    } else value.push(byte);
  }
  if (hasBytes) endRow();
  return rows;
}

async function* inChunks(file: Buffer, sizes: readonly number[]): AsyncIterable<Buffer> {
  let from = 0;
  for (let turn = 0; from < file.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield file.subarray(from, from + size);
    from += size;
  }
}

async function split(
  file: Buffer,
  sizes: readonly number[],
  options?: Parameters<typeof splitTsvRows>[1],
): Promise<TsvRow[]> {
  const rows: TsvRow[] = [];
  for await (const some of splitTsvRows(inChunks(file, sizes), options)) rows.push(...some);
  return rows;
}

function fieldsOf(row: Buffer): string[] {
  return Array.from({ length: countFields(row) }, (_, index) =>
    unescapeTsv(fieldAt(row, index) ?? Buffer.from('none')).toString('latin1'),
  );
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });

test('rows, fields and values are those of a reader that goes byte by byte, at any chunk edges', async () => {
  await fc.assert(
    fc.asyncProperty(fileBytes, sizes, async (file, chunkSizes) => {
      const rows = await split(file, chunkSizes);
      const read = rows.map((row) => ({
        line: row.line,
        fields: row.kind === 'row' ? fieldsOf(row.bytes) : [],
      }));
      expect(read).toEqual(readSlowly(file));
    }),
    { numRuns: 2000 },
  );
});

test('a long row is cut off alone, with its length and digest, at any chunk edges', async () => {
  await fc.assert(
    fc.asyncProperty(fileBytes, sizes, async (file, chunkSizes) => {
      const whole = await split(file, [1000]);
      const bounded = await split(file, chunkSizes, { rowBytesMax: 12 });
      const expected = whole.map((row) => {
        if (row.kind !== 'row' || row.bytes.length <= 12) return row;
        const sha256 = createHash('sha256').update(row.bytes).digest('hex');
        const { line, lines, bytes } = row;
        return { kind: 'too-long', line, lines, length: bytes.length, sha256 };
      });
      const got = bounded.map((row) => {
        if (row.kind === 'row') return row;
        const { head: _, ...rest } = row;
        return rest;
      });
      expect(got).toEqual(expected);
    }),
    { numRuns: 2000 },
  );
});

test('lines of a file without continuation end at every LF', async () => {
  const rows = await split(Buffer.from('{"a":"\\\\\\\n}\nb\n'), [4], { isContinued: false });
  expect(rows.map((row) => row.line)).toEqual([1, 2, 3]);
});

test('one pass undoes the escapes: a doubled backslash before an n is no line end', () => {
  expect(unescapeTsv(Buffer.from('x\\\\ny\\n\\q\\')).toString()).toBe('x\\ny\n\\q\\');
});

test('an encoded row has no escape that edX does not have', () => {
  const row = Buffer.from('a\\b\\N\\x41\t\\\tz\\\\n\\');
  const target = Buffer.alloc(encodedBytesMax(row));
  const length = encodeTsvRow(row, target, 0);
  expect(target.toString('latin1', 0, length)).toBe('a\\\\b\\\\N\\\\x41\t\\tz\\\\n\\\\');
});
