/**
 * The command as programs meet it: the built program in a process of its own, its streams, its records
 * and its exit statuses.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type GeneratedPackages,
  generatePackages,
} from '../../services/generate/generate-packages.js';
import { PROFILES } from '../../services/generate/profile.js';
import { edxstream, type Run, start } from '../support/edxstream.js';

let folder: string;
let generated: GeneratedPackages;
let keys: readonly string[];
let data: string;
let loaded: Run;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'edxstream-command-'));
  generated = await generatePackages(path.join(folder, 'packages'), {
    ...PROFILES.test,
    weeks: 1,
    days: 5,
  });
  keys = ['--key', generated.keys.czarSecret, '--passphrase-file', generated.keys.passphrase];
  data = path.join(folder, 'data');
  loaded = await load(['--json']);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(args: readonly string[], packages = generated.directory): Promise<Run> {
  return edxstream(['load', packages, ...keys, '--data', data, ...args]);
}

interface JsonRecord {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface LineSums {
  readonly lines: number;
  readonly events: number;
  readonly rejectedByReason: Readonly<Record<string, number>>;
}

function records({ stdout }: Run): JsonRecord[] {
  // The shapes are what the tests below look at.
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonRecord);
}

test('records begin with begin, end with summary, and add up', () => {
  const all = records(loaded);
  expect(all[0]?.type).toBe('begin');
  expect(all.at(-1)?.type).toBe('summary');
  const files = all.filter(({ type }) => type === 'file');
  const sum = (field: string) => files.reduce((total, { data }) => total + Number(data[field]), 0);
  expect(all.at(-1)?.data).toMatchObject({
    exitStatus: loaded.status,
    lines: { lines: sum('lines'), events: sum('events'), rejected: sum('rejected') },
    logFiles: { new: files.length, left: 0 },
  });
  expect(sum('events') + sum('rejected') + sum('blank')).toBe(sum('lines'));
  expect(loaded.stderr).toBe('');
});

test('a second load adds nothing and is done at once', async () => {
  const again = records(await load(['--json', '--rejects-max', '100%']));
  expect(again.filter(({ type }) => type === 'file')).toEqual([]);
  expect(again.at(-1)?.data).toMatchObject({ logFiles: { new: 0 }, lines: { lines: 0 } });
});

test('a dry run needs no key and makes no directory', async () => {
  const elsewhere = path.join(folder, 'not-there');
  const { status, stdout } = await edxstream([
    ...['load', generated.directory, '--dry-run', '--data', elsewhere],
  ]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/Log files +\d+ new, 0 changed, 0 unchanged/);
  expect(existsSync(elsewhere)).toBe(false);
});

test('a dry run after a load finds everything unchanged', async () => {
  const { stdout } = await edxstream([
    ...['load', generated.directory, '--dry-run', '--data', data, '--json'],
  ]);
  expect(JSON.parse(stdout).data).toMatchObject({
    logFiles: { new: 0, changed: 0, storedBytes: 0 },
    databaseFiles: { new: 0, changed: 0, retried: 1 },
  });
});

test('a query answers in the format asked for, else as tab-separated values with names', async () => {
  const sql = 'SELECT 1 AS one, 2 AS two;';
  const plain = await edxstream(['query', sql, '--data', data]);
  expect(plain).toMatchObject({ status: 0, stdout: 'one\ttwo\n1\t2\n', stderr: '' });
  const csv = await edxstream(['query', '-', '--data', data, '--format', 'CSV'], { input: sql });
  expect(csv).toMatchObject({ status: 0, stdout: '1,2\n' });
  const tables = await edxstream(['query', 'SHOW TABLES', '--data', data]);
  expect(tables.stdout.split('\n')).toContain('events');
});

test('a query that ClickHouse refuses ends with its reason and status 2', async () => {
  const { status, stderr } = await edxstream([
    'query',
    'SELECT nothing FROM events',
    '--data',
    data,
  ]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^QUERY_REFUSED: .*nothing/);
});

test('a reader that goes away is no fault', async () => {
  const { child, ended } = start([
    ...['query', 'SELECT number FROM numbers(50000000)', '--data', data],
  ]);
  child.stdout?.once('data', () => child.stdout?.destroy());
  expect((await ended).status).toBe(0);
});

test('status and rejects tell what was loaded', async () => {
  const summary = records(loaded).at(-1)?.data as { readonly lines: LineSums };
  const status = JSON.parse((await edxstream(['status', '--data', data, '--json'])).stdout);
  expect(status.logFiles[0]).toMatchObject({
    state: 'loaded',
    lines: summary.lines.lines,
    events: summary.lines.events,
  });
  expect(status.provisionalDays).toHaveLength(1);
  const rejects = JSON.parse((await edxstream(['rejects', '--data', data, '--json'])).stdout);
  const counted = Object.fromEntries(
    rejects.reasons.map((one: { reason: string; lines: number }) => [one.reason, one.lines]),
  );
  expect(counted).toEqual(summary.lines.rejectedByReason);
});

test('nothing is left beside the directory when a command has ended', () => {
  expect(readdirSync(folder).sort()).toEqual(['data', 'packages']);
});

test.each([
  ['an unknown verb', ['lode'], /^USAGE: unknown command 'lode'.*load/],
  ['a flag that is not there', ['load', 'x', '--jsn'], /^USAGE: unknown option '--jsn'.*--json/],
  ['no key', ['load', 'x'], /^KEY_MISSING/],
  [
    'a server with a password in its address',
    ['query', 'SELECT 1', '--warehouse', 'http://me:secret@localhost:8123'],
    /--warehouse \(EDXSTREAM_WAREHOUSE\): expected no user and no password in it; they have settings of their own, got "http:\/\/•••@localhost:8123"/,
  ],
  ['settings that cannot be', ['load', 'x', '-w', '0', '--rejects-max', 'x'], /2 settings need/],
  [
    'a data directory that is not there',
    ['query', 'SELECT 1', '-d', 'x'],
    /DATA_DIRECTORY_MISSING/,
  ],
])('%s is exit status 2, in two lines and more only where more is wrong', async (_, args, said) => {
  const { status, stdout, stderr } = await edxstream(args);
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(said);
  expect(stderr).not.toMatch(/^ +at /m);
});

test('config says where each setting came from and shows no passphrase', async () => {
  const { stdout } = await edxstream(['config', '--workers', '3', '--json'], {
    environment: { EDXSTREAM_PASSPHRASE: 'open sesame', EDXSTREAM_DATA: '/srv/edx' },
  });
  expect(stdout).not.toContain('sesame');
  expect(JSON.parse(stdout)).toEqual(
    expect.arrayContaining([
      { name: 'workers', text: '3', source: 'flag' },
      { name: 'data', text: '/srv/edx', source: 'environment' },
      { name: 'rejectsMax', text: '1%', source: 'default' },
    ]),
  );
});

test('while a load runs, status tells how far it is and another command is told who runs', async () => {
  const busy = path.join(folder, 'busy');
  const big = path.join(folder, 'big');
  await generatePackages(big, { ...PROFILES.test, days: 4, weeks: 1, eventsPerDay: 20_000 });
  const paths = path.join(big, 'keys');
  const { child, ended } = start([
    ...['load', big, '--key', path.join(paths, 'czar-secret.asc'), '--data', busy],
    ...['--passphrase-file', path.join(paths, 'passphrase.txt')],
  ]);
  while (!existsSync(`${busy}.progress.json`)) await new Promise((go) => setTimeout(go, 20));
  const [status, query] = await Promise.all([
    edxstream(['status', '--data', busy, '--json']),
    edxstream(['query', 'SELECT 1', '--data', busy]),
  ]);
  expect(JSON.parse(status.stdout).running).toMatchObject({
    pid: child.pid,
    command: 'load',
    progress: { filesFailed: 0 },
  });
  expect(query.status).toBe(3);
  expect(query.stderr).toMatch(/in use by `edxstream load` \(process \d+ on .+\) since 2/);
  await ended;
});

// Threads can be counted from outside the engine on Linux only.
test.runIf(existsSync('/proc/self/task'))(
  'sixteen threads wait for files and queries, for two of them may wait for good',
  async () => {
    const script = `
      process.on('exit', () => {
        const { readdirSync } = require('node:fs');
        console.log('threads', readdirSync('/proc/self/task').length);
      });
      process.argv[1] = ${JSON.stringify(path.resolve('dist/services/cli/main.cjs'))};
      require(process.argv[1]);`;
    const child = spawn(process.execPath, ['-e', script, 'x', 'config'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    await new Promise((ended) => child.on('close', ended));
    expect(Number(/^threads (\d+)$/m.exec(said)?.[1])).toBeGreaterThan(16);
  },
);
