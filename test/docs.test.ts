/**
 * The documents are held against the program: the tables, the SQL of the README, the commands it names, and
 * the links between documents.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EmbeddedWarehouse, openEmbeddedWarehouse } from '#shared/warehouse/embedded';
import { migrate, schemaFiles } from '#shared/warehouse/migrate';
import { KNOWN_TABLES } from '../services/tables/known-tables.js';
import { knownColumns } from '../services/tables/table-columns.js';
import { createLatestView, createSnapshotsTable } from '../services/tables/table-statements.js';
import { readSchema, schemaDocument } from './schema-document.js';

const ROOT = join(import.meta.dirname, '..');
const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The fenced blocks of a document that are marked with a language. */
function blocks(path: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...read(path).matchAll(fence)].map((match) => match[1] ?? '');
}

/** SQL in blocks of its own, and quoted in a shell, Python or R. */
function statements(path: string): string[] {
  const quoted = ['sh', 'python', 'r'].flatMap((language) =>
    blocks(path, language).flatMap((code) =>
      [...code.matchAll(/(["'])(SELECT .+?)\1/g)].map(([, , sql = '']) => sql),
    ),
  );
  return [...blocks(path, 'sql'), ...quoted];
}

describe('an empty warehouse', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edxstream-docs-'));
  let warehouse: EmbeddedWarehouse;
  let originals: readonly string[];

  beforeAll(async () => {
    warehouse = await openEmbeddedWarehouse(join(folder, 'warehouse'), { command: 'test' });
    await migrate(warehouse);
    const names = (await schemaFiles()).map(({ name }) => name.replace(/^\d+_|\.sql$/g, ''));
    originals = names.filter((name) => names.includes(`${name}_snapshots`));
    for (const table of Object.keys(KNOWN_TABLES).filter((name) => !originals.includes(name))) {
      await warehouse.statement(createSnapshotsTable(table, knownColumns(table)));
      await warehouse.statement(createLatestView(table, knownColumns(table)));
    }
  });
  afterAll(async () => {
    await warehouse[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test('docs/schema.md says what the comments of the tables say (npm run fix)', async () => {
    const document = schemaDocument(await readSchema(warehouse), originals);
    await expect(document).toMatchFileSnapshot(join(ROOT, 'docs/schema.md'));
  });

  test('every table and every column has a comment', async () => {
    const objects = await readSchema(warehouse);
    const silent = objects.flatMap(({ name, about, columns }) => [
      ...(about === '' ? [name] : []),
      ...columns.filter(({ comment }) => comment === '').map((column) => `${name}.${column.name}`),
    ]);
    expect(silent).toEqual([]);
  });

  test.each(DOCUMENTS.filter((path) => statements(path).length > 0))(
    'the SQL of %s is understood by the warehouse',
    async (path) => {
      for (const statement of statements(path)) await warehouse.query(`EXPLAIN ${statement}`);
    },
  );
});

test('the README has at least three queries', () => {
  expect(blocks('README.md', 'sql').length).toBeGreaterThanOrEqual(3);
});

test('links between documents lead to files and headings that exist', () => {
  const broken: string[] = [];
  for (const path of DOCUMENTS) {
    for (const [, link = ''] of read(path).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue;
      const [file = '', heading] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      try {
        const text = readFileSync(resolve(ROOT, target), 'utf8');
        if (heading !== undefined && !anchors(text).includes(heading)) {
          broken.push(`${path}: ${link}`);
        }
      } catch {
        broken.push(`${path}: ${link}`);
      }
    }
  }
  expect(broken).toEqual([]);
});

/** The anchors that a rendered document has for its headings. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

test('files that documents name in backquotes exist', () => {
  const missing = DOCUMENTS.flatMap((path) =>
    [
      ...read(path).matchAll(
        /`((?:services|shared|test|docs|deploy|bench)\/[\w./-]+\.(?:ts|md|sql|xml|mjs|json))`/g,
      ),
    ]
      .map(([, named = '']) => named)
      .filter((named) => !exists(named))
      .map((named) => `${path}: ${named}`),
  );
  expect(missing).toEqual([]);
});

function exists(path: string): boolean {
  try {
    readFileSync(join(ROOT, path));
    return true;
  } catch {
    return false;
  }
}

test('every `npm run` of a document is a script of package.json', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = DOCUMENTS.flatMap((path) =>
    [...read(path).matchAll(/npm run ([\w:-]+)/g)].map(([, script = '']) => script),
  );
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((script) => scripts[script] === undefined)).toEqual([]);
});
