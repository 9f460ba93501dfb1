/**
 * Habits of this code base that no linter knows: each test is one of them, and what it finds is printed
 * as `file: what`. A habit that is in the way is changed here, on purpose, and not around.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { ERRORS } from '#shared/errors';

const ROOT = join(import.meta.dirname, '..');
const NOT_OURS = new Set(['.git', '.services', 'node_modules', 'dist', 'coverage', 'results']);
const LINES_MAX = 300;

/** Files that are started or read by name, and so are imported by nobody. */
const ENTRY_POINTS = new Set([
  'services/cli/main.ts',
  'bench/main.ts',
  'vitest.config.ts',
  'shared/kernel/assembly/exports.ts',
  'shared/testing/build-kernel.ts',
  'test/support/needed-services.ts',
  'deploy/copy-assets.mjs',
  'deploy/local/services.ts',
]);

/** Programs that the bench starts by names it puts together. */
const STARTED = new Set([
  'bench/peers/by-hand.mjs',
  'shared/warehouse/testing/race-for-lock.ts',
  ...['decrypt', 'fill-course', 'merge', 'replay', 'scan'].map(
    (stage) => `bench/stages/${stage}.ts`,
  ),
]);

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name) || entry.name.startsWith('edxstream-d')) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(path) : [relative(ROOT, path)];
  });
}

const FILES = filesUnder(ROOT);
const SOURCES = FILES.filter((file) => /\.(ts|mjs)$/.test(file));
/** What people write: no lock file, no numbers of a benchmark. */
const TEXTS = FILES.filter(
  (file) =>
    /\.(ts|mjs|md|sql|json|ya?ml|xml|properties)$/.test(file) && !file.endsWith('lock.json'),
);

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

function isTest(file: string): boolean {
  return (
    /\.test\.ts$/.test(file) || file.split('/').includes('testing') || file.startsWith('test/')
  );
}

test('a file of more than 300 lines says at its top that it is longer than 300 lines, and why', () => {
  const long = SOURCES.filter((file) => read(file).split('\n').length - 1 > LINES_MAX);
  const silent = long.filter((file) => !/[Ll]onger than 300 lines/.test(head(file)));
  expect(silent).toEqual([]);
});

/** The comment that a file begins with. */
function head(file: string): string {
  return read(file).match(/^(?:#!.*\n)?(?:\/\*\*[\s\S]*?\*\/|(?:\/\/.*\n)+)/)?.[0] ?? '';
}

test('every file of a service and of shared begins with what it is about', () => {
  const silent = SOURCES.filter((file) => /^(services|shared|bench)\//.test(file))
    .filter((file) => !file.endsWith('.test.ts'))
    .filter((file) => !/[a-z]{3}/.test(head(file)));
  expect(silent).toEqual([]);
});

test('every error code is explained in docs/errors.md, and nothing else is', () => {
  const explained = [...read('docs/errors.md').matchAll(/^## ([A-Z0-9_]+)$/gm)].map(
    ([, code]) => code,
  );
  expect(explained.toSorted()).toEqual(Object.keys(ERRORS).toSorted());
});

test('every error code is raised somewhere', () => {
  const code = SOURCES.filter((file) => !isTest(file) && file !== 'shared/errors.ts')
    .map(read)
    .join('\n');
  const unused = Object.keys(ERRORS).filter(
    (name) => name !== 'BUG' && !code.includes(`'${name}'`),
  );
  expect(unused).toEqual([]);
});

test('the environment is read in main.ts alone', () => {
  const readers = SOURCES.filter((file) => !isTest(file) && !/^(bench|deploy)\//.test(file))
    .filter((file) => !ENTRY_POINTS.has(file))
    .filter((file) => read(file).includes('process.env'));
  expect(readers).toEqual([]);
});

test('names of files say what is inside', () => {
  const empty = /(^|-)(manager|helpers?|utils?|handler|processor|data|info|base|impl)(-|$)/;
  const drawers = /^(utils?|helpers?|common|lib|misc|types|index)$/;
  const vague = FILES.filter((file) => {
    const parts = file.split('/').map((part) => part.replace(/\..*$/, ''));
    return parts.some((part) => drawers.test(part) || empty.test(part));
  });
  expect(vague).toEqual([]);
});

test('names of source files are kebab-case', () => {
  const odd = SOURCES.filter(
    (file) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)+$/.test(basename(file)),
  );
  expect(odd).toEqual([]);
});

test('no file names a folder of the machine it was written on', () => {
  const local = /(?<![\w.*-])(?:\/(?:home|Users|root|work|tmp)\/\w|[A-Z]:\\\\?Users\\)/;
  expect(findings(TEXTS, local)).toEqual([]);
});

test('what is left to do says why it was left', () => {
  expect(findings(SOURCES, /\b(?:TO[D]O|FIX[M]E|XX[X])\b(?!: \w.{19})/)).toEqual([]);
});

test('no test is passed over or run alone', () => {
  const tests = SOURCES.filter((file) => file.endsWith('.test.ts'));
  expect(findings(tests, /\b(?:test|describe|it)\.(?:skip|only|todo)\b/)).toEqual([]);
});

test('every source file is used', () => {
  const used = new Map<string, Set<string>>();
  for (const file of SOURCES) {
    for (const target of imported(file)) {
      const users = used.get(target) ?? new Set();
      users.add(file);
      used.set(target, users);
    }
  }
  const dead = SOURCES.filter(
    (file) =>
      !ENTRY_POINTS.has(file) &&
      !STARTED.has(file) &&
      !file.endsWith('.d.ts') &&
      !file.endsWith('.test.ts'),
  ).filter((file) => {
    const users = [...(used.get(file) ?? [])];
    // What only tests use belongs among the tests.
    return isTest(file) ? users.length === 0 : users.every(isTest);
  });
  expect(dead).toEqual([]);
});

/** The files that a file imports, or starts as a worker by a literal path. */
function imported(file: string): string[] {
  const text = read(file);
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(
    ([, name]) => name,
  );
  const workers = [...text.matchAll(/new URL\((['`])(\..+?)\1/g)].map(([, , name]) =>
    name?.replace(/\.\$\{.*\}$/, '.ts'),
  );
  return [...specifiers, ...workers]
    .filter((name = '') => /^\.|^#shared\//.test(name))
    .map((name = '') => fileOf(file, name));
}

/** The file that another one imports under this name. */
function fileOf(importer: string, name: string): string {
  if (name.startsWith('#shared/')) return `shared/${name.slice('#shared/'.length)}.ts`;
  // AssemblyScript names no extension.
  const source = name.replace(/\.js$/, '.ts').replace(/(\/[\w-]+)$/, '$1.ts');
  return join(dirname(importer), source);
}

test.each([
  ['services/cli/load-command.ts', ['@aws-sdk/client-s3', 'chdb', 'kafkajs', 'openpgp', 'pino']],
  ['services/cli/query-command.ts', ['chdb', 'kafkajs', 'openpgp', 'piscina']],
  ['services/cli/replay-command.ts', ['chdb', 'kafkajs', 'openpgp', 'piscina']],
  ['services/decrypt/decrypt-worker.ts', ['@clickhouse/client', 'chdb', 'openpgp', 'zod']],
  ['services/tables/encode-worker.ts', ['@clickhouse/client', 'chdb', 'openpgp', 'zod']],
])('%s begins without what is slow to load and seldom needed', (entry, slow) => {
  const loaded = new Set([entry]);
  for (const file of loaded) {
    for (const target of file.includes('.ts') ? loadedWith(file) : []) loaded.add(target);
  }
  expect(loaded.size).toBeGreaterThan(5);
  expect(slow.filter((name) => loaded.has(name))).toEqual([]);
});

/** The files and packages that are loaded before a line of the file runs. */
function loadedWith(file: string): string[] {
  const imports = /^(?:import|export) (?!type\b)(?:[^;']*? from )?'([^']+)';$/gm;
  return [...read(file).matchAll(imports)].map(([, name = '']) =>
    /^[.#]/.test(name) ? fileOf(file, name) : name,
  );
}

test('a service imports no other service; only cli composes them', () => {
  const crossing = SOURCES.filter((file) => /^services\//.test(file)).flatMap((file) => {
    const service = file.split('/')[1];
    if (service === 'cli' || isTest(file)) return [];
    return imported(file)
      .filter((target) => target.startsWith('services/') && target.split('/')[1] !== service)
      .map((target) => `${file}: ${target}`);
  });
  expect(crossing).toEqual([]);
});

test('shared imports no service', () => {
  const crossing = SOURCES.filter((file) => /^shared\//.test(file)).flatMap((file) =>
    imported(file)
      .filter((target) => !target.startsWith('shared/'))
      .map((target) => `${file}: ${target}`),
  );
  expect(crossing).toEqual([]);
});

test('the lock file names the packages of every platform, or npm ci refuses it', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const missing = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) =>
        packages[`node_modules/${name}`] === undefined &&
        packages[`${place}/node_modules/${name}`] === undefined,
    ),
  );
  expect(missing).toEqual([]);
});

/** Lines that match, as `file:line: text`. */
function findings(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) =>
        pattern.test(line) ? [`${file}:${index + 1}: ${line.trim().slice(0, 100)}`] : [],
      ),
  );
}
