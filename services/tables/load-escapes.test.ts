import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { countFields, fieldAt } from './encode-tsv-row.js';
import { loadDatabaseFiles } from './load-database-files.js';
import { splitTsvRows } from './split-tsv-rows.js';
import { DatabaseBench, week } from './testing/database-package.js';
import { unescapeTsv } from './unescape-tsv.js';

test('every byte of a field arrives as the escapes say, whatever ClickHouse makes of escapes', async () => {
  await using bench = await DatabaseBench.open();
  const origin = week('2019-06-02');
  const nasty = [
    '\\',
    'N',
    '\r',
    '\0',
    'x41',
    'b',
    '\\\\',
    '\\n',
    '\\\t',
    '\\\n',
    '"',
    '\u0085',
    '\xff',
    'NULL',
  ];
  // A walk through all pairs and triples that begin with a backslash; latin1, so no UTF-8 either.
  const fields = nasty.flatMap((a) => nasty.flatMap((b) => [a + b, `\\${a}${b}`]));
  const rows = fields.map((value) => Buffer.from(`${value}x\t${value}\n`, 'latin1'));
  const file = Buffer.concat([Buffer.from('username\temail\n'), ...rows]);
  const files = await bench.pack(origin, { 'UnivX-E-1-auth_user-prod-analytics.sql': file });

  const read: string[][] = [];
  let rejected = 0;
  for await (const some of splitTsvRows(Readable.from([file]))) {
    for (const row of some) {
      if (row.kind !== 'row' || row.line === 1 || row.bytes.length === 0) continue;
      if (countFields(row.bytes) !== 2) rejected += 1;
      else read.push([0, 1].map((field) => storedForm(fieldAt(row.bytes, field))));
    }
  }
  expect(read.length).toBeGreaterThan(200);
  expect(await loadDatabaseFiles(files, origin, bench)).toMatchObject({
    rows: read.length,
    rejected,
  });
  const stored = await bench.warehouse.query<{ a: string; b: string | null }>(
    `SELECT lower(hex(username)) AS a, if(isNull(email), 'null', lower(hex(email))) AS b
     FROM auth_user_snapshots WHERE snapshot_date = '2019-06-02' ORDER BY line`,
  );
  expect(stored.map(({ a, b }) => [a, b])).toEqual(read);
});

function storedForm(field: Buffer | undefined): string {
  const raw = field ?? Buffer.alloc(0);
  return raw.toString('latin1') === 'NULL' ? 'null' : unescapeTsv(raw).toString('hex');
}
