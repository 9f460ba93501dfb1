/**
 * Asks a data directory, ours or one filled by hand: each statement several times, answered with how long
 * the middle one took and a digest of what came out.
 */
import { createHash } from 'node:crypto';
import { Session } from 'chdb';

export interface QueryInput {
  readonly data: string;
  readonly statements: Readonly<Record<string, string>>;
  readonly times: number;
}

export interface QueryAnswer {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly digest: string;
  /** The first line of the answer. */
  readonly first: string;
}

// Written by bench/ask-warehouse.ts, the only caller.
const { data, statements, times } = JSON.parse(process.argv[2] ?? '{}') as QueryInput;
const session = new Session(data);
const answers: Record<string, QueryAnswer> = {};
for (const [name, sql] of Object.entries(statements)) {
  const costs: { seconds: number; cpuSeconds: number }[] = [];
  let text = '';
  for (let time = 0; time < times; time += 1) {
    const before = process.cpuUsage();
    const began = performance.now();
    text = Buffer.from((await session.queryAsync(sql, { format: 'TSV' })).bytes()).toString();
    const seconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(before);
    costs.push({ seconds, cpuSeconds: (user + system) / 1e6 });
  }
  costs.sort((a, b) => a.seconds - b.seconds);
  const middle = costs[Math.floor(costs.length / 2)] ?? { seconds: 0, cpuSeconds: 0 };
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  answers[name] = { ...middle, digest, first: text.split('\n')[0] ?? '' };
}
session.close();
process.stdout.write(`${JSON.stringify(answers)}\n`);
