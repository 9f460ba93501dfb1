/**
 * `npm run services -- up kafka [--brokers 3] | down | status | logs`: the services that edxstream talks to,
 * on this machine alone and without Docker. What they store lies in `.services/` of the checkout.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { missingForKafka } from './fetch-kafka.js';
import { isListening, prepareCluster, untilReady } from './kafka-cluster.js';

const DIRECTORY = path.resolve(import.meta.dirname, '../../.services/kafka');
const FIRST_PORT = 9092;
const STOP_WITHIN_MS = 30_000;
const USAGE = `Usage: npm run services -- up kafka [--brokers 3]   fetch it if need be, and start it
       npm run services -- down                     stop it; what it stores stays
       npm run services -- status                   what runs, and where
       npm run services -- logs                     what the brokers said last
`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { brokers: { type: 'string', default: '1' } },
});

async function up(): Promise<void> {
  const missing = missingForKafka();
  if (missing.length > 0) throw new Error(`This needs ${missing.join(' and ')}.`);
  const count = Number(values.brokers);
  if (![1, 3, 5].includes(count)) throw new Error('--brokers: one of 1, 3, 5.');
  const before = await nodeDirectories();
  if (before.length > 0 && before.length !== count) {
    throw new Error(
      `${DIRECTORY} holds a cluster of ${before.length}: a quorum does not change its size. Remove the directory to begin anew.`,
    );
  }
  const ports = Array.from({ length: count }, (_, index) => ({
    broker: FIRST_PORT + 10 * index,
    controller: FIRST_PORT + 10 * index + 1,
  }));
  const nodes = await prepareCluster({ directory: DIRECTORY, ports });
  for (const node of nodes) {
    if (await isRunning(node.directory)) continue;
    if (await isListening(node.address)) throw new Error(`${node.address} is in use.`);
    await node.start();
  }
  await untilReady(nodes);
  process.stdout.write(
    `Apache Kafka is up. Use it with --broker ${nodes.map(({ address }) => address).join(',')}\n`,
  );
}

async function down(): Promise<void> {
  const running: number[] = [];
  for (const directory of await nodeDirectories()) {
    const pid = await pidOf(directory);
    if (pid === undefined || !(await isRunning(directory))) continue;
    process.kill(pid, 'SIGTERM');
    running.push(pid);
  }
  const deadline = Date.now() + STOP_WITHIN_MS;
  while (running.some(isAlive)) {
    if (Date.now() > deadline) {
      for (const pid of running.filter(isAlive)) process.kill(pid, 'SIGKILL');
    }
    await sleep(100);
  }
  for (const directory of await nodeDirectories()) {
    await rm(path.join(directory, 'pid'), { force: true });
  }
  process.stdout.write(`Stopped ${running.length}.\n`);
}

async function status(): Promise<void> {
  const directories = await nodeDirectories();
  if (directories.length === 0) process.stdout.write('kafka: never started here\n');
  for (const directory of directories) {
    const properties = await readFile(path.join(directory, 'server.properties'), 'utf8');
    const address = /^listeners=PLAINTEXT:\/\/(.+?),/m.exec(properties)?.[1] ?? '';
    const state = (await isRunning(directory))
      ? (await isListening(address))
        ? 'up'
        : 'starting'
      : 'down';
    process.stdout.write(`kafka ${path.basename(directory)}: ${state}, ${address}\n`);
  }
}

async function logs(): Promise<void> {
  for (const directory of await nodeDirectories()) {
    const log = await readFile(path.join(directory, 'server.log'), 'utf8').catch(() => '');
    const last = log.trimEnd().split('\n').slice(-40).join('\n');
    process.stdout.write(`kafka ${path.basename(directory)}:\n${last}\n`);
  }
}

async function nodeDirectories(): Promise<string[]> {
  if (!existsSync(DIRECTORY)) return [];
  const names = (await readdir(DIRECTORY)).filter((name) => name.startsWith('node-'));
  return names.sort().map((name) => path.join(DIRECTORY, name));
}

async function pidOf(directory: string): Promise<number | undefined> {
  const text = await readFile(path.join(directory, 'pid'), 'utf8').catch(() => '');
  return text === '' ? undefined : Number(text);
}

async function isRunning(directory: string): Promise<boolean> {
  const pid = await pidOf(directory);
  if (pid === undefined || !isAlive(pid)) return false;
  // A process id is used again after a restart of the machine: it must be the broker of this directory.
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => directory);
  return commandLine.includes(directory);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const [verb, ...names] = positionals;
const verbs: Readonly<Record<string, () => Promise<void>>> = { up, down, status, logs };
const action = verbs[verb ?? ''];
if (action === undefined || names.some((name) => name !== 'kafka')) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  try {
    await action();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 3;
  }
}
