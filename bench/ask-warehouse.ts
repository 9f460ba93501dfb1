/**
 * What is asked of a data directory after a load: a checksum of what is in it, and three queries that are
 * the same question to both tables.
 */
import path from 'node:path';
import { runMeasured } from './run-measured.js';
import type { Sample } from './samples.js';
import type { QueryAnswer, QueryInput } from './stages/query.js';

const ASKED_TIMES = 5;

/** Of columns that both tables have, so that it is the same where both loaded the same. */
export const SHARED_CHECKSUM = `SELECT count(), sum(cityHash64(event_type, name, event_source, username, session, ip, agent, host, referer, coalesce(page, ''), toUnixTimestamp64Micro(time))) FROM events`;
const OWN_CHECKSUM = 'SELECT count(), sum(cityHash64(tuple(* EXCEPT (file_id)))) FROM events';
const BUSIEST = `SELECT username FROM events WHERE username != '' GROUP BY username ORDER BY count() DESC, username LIMIT 1`;

export interface Checksums {
  /** Of columns that both sides have. */
  readonly shared: string;
  /** Of whole rows, on our side; the shared one on the other. */
  readonly own: string;
}

export async function checksumsOf(data: string, side: 'edxstream' | 'by hand'): Promise<Checksums> {
  const statements = {
    shared: SHARED_CHECKSUM,
    own: side === 'edxstream' ? OWN_CHECKSUM : SHARED_CHECKSUM,
  };
  const { answers } = await ask({ data, statements, times: 1 });
  const words = (name: string) => (answers[name]?.first ?? '').replace('\t', ' events, ');
  return { shared: words('shared'), own: words('own') };
}

export async function measureQueries(
  data: string,
  side: 'edxstream' | 'by hand',
): Promise<readonly Sample[]> {
  const {
    answers: { user: busiest },
  } = await ask({ data, statements: { user: BUSIEST }, times: 1 });
  const user = (busiest?.first ?? '').replaceAll("'", "\\'");
  // The course that an implicit event tells only by its address is beyond what one derives by hand.
  const course =
    side === 'edxstream' ? 'course_id' : `JSONExtractString(context, 'course_id') AS course_id`;
  const statements = {
    'query: events by course': `SELECT ${course}, count() FROM events GROUP BY course_id ORDER BY course_id`,
    'query: learners by day': `SELECT toDate(time, 'UTC') AS day, uniqExact(username) FROM events GROUP BY day ORDER BY day`,
    'query: one learner in order': `SELECT time, event_type FROM events WHERE username = '${user}' ORDER BY time, event_type`,
  };
  const { answers, peakBytes } = await ask({ data, statements, times: ASKED_TIMES });
  return Object.entries(answers).map(([measure, { seconds, cpuSeconds, digest }]) => ({
    ...{ measure, side, seconds, cpuSeconds, peakBytes },
    ...{ events: 0, plaintextBytes: 0, checksum: digest },
  }));
}

async function ask(input: QueryInput): Promise<{
  readonly answers: Readonly<Record<string, QueryAnswer>>;
  readonly peakBytes: number;
}> {
  const script = path.join(import.meta.dirname, 'stages/query.ts');
  const { stdout, peakBytes } = await runMeasured({
    node: ['--import', 'tsx', script, JSON.stringify(input)],
  });
  return { answers: JSON.parse(stdout), peakBytes };
}
