/**
 * The jars of Apache Kafka, from Maven Central by Maven, as pom.xml pins them. They are fetched once for each
 * checkout and version.
 */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const POM = path.join(import.meta.dirname, 'pom.xml');
const CACHE = path.resolve(import.meta.dirname, '../../node_modules/.cache/edxstream');

/** What this machine lacks to run a broker; empty where it lacks nothing. */
export function missingForKafka(): string[] {
  const tools = { java: 'a JDK, 17 or newer (java)', mvn: 'Apache Maven (mvn)' };
  return Object.entries(tools)
    .filter(([command]) => spawnSync(command, ['-version'], { stdio: 'ignore' }).error)
    .map(([, needs]) => needs);
}

/** The directory of the jars. */
export async function fetchKafka(): Promise<string> {
  const version = /<kafka.version>(.+?)</.exec(readFileSync(POM, 'utf8'))?.[1];
  const target = path.join(CACHE, `kafka-${version}`);
  if (existsSync(target)) return target;
  await mkdir(CACHE, { recursive: true });
  // Several may fetch at once; each does so beside the target, and the first one is kept.
  const fetched = await mkdtemp(path.join(CACHE, 'kafka-'));
  try {
    await run('mvn', [
      ...['--batch-mode', '--quiet', '--file', POM, 'dependency:copy-dependencies'],
      ...[`-DoutputDirectory=${fetched}`, '-DincludeScope=runtime'],
    ]).catch((error: { readonly stdout?: string }) => {
      // Maven says what is wrong on standard output.
      throw new Error(`Maven could not fetch Apache Kafka:\n${error.stdout}`, { cause: error });
    });
    await rename(fetched, target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    return target;
  } finally {
    await rm(fetched, { recursive: true, force: true });
  }
}
