/**
 * S3Proxy on the loopback address: a real S3 server over a directory, whose jars Maven fetches once for
 * each checkout and version, as pom.xml pins them.
 *
 *   directory/objects/<bucket>/<key>    what it stores
 *             server.properties         what it is started with
 *             server.log                what it says
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HOST = '127.0.0.1';
const POM = path.join(import.meta.dirname, 'pom.xml');
const CACHE = path.resolve(import.meta.dirname, '../../../node_modules/.cache/edxstream');
const READY_POLL_MS = 50;
const READY_WITHIN_MS = 60_000;

/** What a client signs its requests with; the server is reached from this machine alone. */
export const S3_CREDENTIALS = { accessKeyId: 'edxstream', secretAccessKey: 'edxstream-local' };

export interface S3Server {
  /** `http://127.0.0.1:39000` */
  readonly endpoint: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** Ends it and waits until it has ended. */
  stop(): Promise<void>;
}

/** Starts a server over `directory`; `port` 0 takes a free one. */
export async function startS3Server(directory: string, { port = 0 } = {}): Promise<S3Server> {
  const jars = await fetchJars();
  const objects = path.join(directory, 'objects');
  const config = path.join(directory, 'server.properties');
  const log = path.join(directory, 'server.log');
  await mkdir(objects, { recursive: true, mode: 0o700 });
  const listenAt = port === 0 ? await freePort() : port;
  const endpoint = `http://${HOST}:${listenAt}`;
  const properties = {
    's3proxy.endpoint': endpoint,
    's3proxy.authorization': 'aws-v2-or-v4',
    's3proxy.identity': S3_CREDENTIALS.accessKeyId,
    's3proxy.credential': S3_CREDENTIALS.secretAccessKey,
    // Uploads of packages in one request; the server's own bound is 128 MiB.
    's3proxy.v4-max-non-chunked-request-size': 1 << 30,
    'jclouds.provider': 'filesystem-nio2',
    'jclouds.filesystem.basedir': objects,
  };
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(config, lines.join(''), { mode: 0o600 });
  const output = openSync(log, 'a');
  const logging = path.join(import.meta.dirname, 'logback.xml');
  const child = spawn(
    'java',
    [
      ...['-Xmx768m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      ...[`-Dlogback.configurationFile=${logging}`, '-cp', `${jars}/*`],
      ...['org.gaul.s3proxy.Main', '--properties', config],
    ],
    { stdio: ['ignore', output, output] },
  );
  closeSync(output);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await isListening(listenAt))) {
    if (Date.now() > deadline || child.exitCode !== null) {
      await stop();
      throw new Error(`The S3 server does not start. It said:\n${await readFile(log, 'utf8')}`);
    }
    await sleep(READY_POLL_MS);
  }
  return { endpoint, port: listenAt, process: child, stop };
}

async function fetchJars(): Promise<string> {
  const version = /<s3proxy.version>(.+?)</.exec(readFileSync(POM, 'utf8'))?.[1];
  const target = path.join(CACHE, `s3proxy-${version}`);
  if (existsSync(target)) return target;
  await mkdir(CACHE, { recursive: true });
  // Several may fetch at once; each does so beside the target, and the first one is kept.
  const fetched = await mkdtemp(path.join(CACHE, 's3proxy-'));
  try {
    await run('mvn', [
      ...['--batch-mode', '--quiet', '--file', POM, 'dependency:copy-dependencies'],
      ...[`-DoutputDirectory=${fetched}`, '-DincludeScope=runtime'],
    ]).catch((error: { readonly stdout?: string }) => {
      // Maven says what is wrong on standard output.
      throw new Error(`Maven could not fetch S3Proxy:\n${error.stdout}`, { cause: error });
    });
    await rename(fetched, target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    return target;
  } finally {
    await rm(fetched, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, HOST, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
