/**
 * Suites that start a real service need what it runs on. Where that is not there they are not run, and the
 * end of the run names them and what they need; in continuous integration that is a failure at once.
 */
import { readdirSync } from 'node:fs';
import { missingForKafka } from '../../deploy/local/fetch-kafka.js';

/** Vitest calls it before the first suite, and what it returns after the last. */
export default function setup(): (() => void) | undefined {
  const missing = missingForKafka();
  if (missing.length === 0) return undefined;
  const suites = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(?:kafka|s3)\.test\.ts$/.test(file))
    .sort();
  const names = suites.map((suite) => `  test/${suite}\n`).join('');
  const text = `Not run, because this machine lacks ${missing.join(' and ')}:\n${names}`;
  if (process.env['CI'] === 'true') throw new Error(text);
  return () => void process.stderr.write(`\n${text}`);
}
