/**
 * Tells whoever waits for a load whether somebody works on it: ingests and sinks are members of two groups,
 * and Kafka knows how many each has. Said is what changes, and that nobody is there at the beginning.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';

export interface WatchMembers {
  readonly topicPrefix: string;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Ingests and sinks that were started with the load need some seconds. */
const FIRST_LOOK_MS = 5000;
const LOOK_MS = 10_000;

/** Looks until the signal is aborted; never rejects. */
export async function watchMembers(
  admin: Admin,
  { topicPrefix, say, signal }: WatchMembers,
): Promise<void> {
  const verbs = ['ingest', 'sink'] as const;
  const missing = new Set<string>();
  try {
    await sleep(FIRST_LOOK_MS, undefined, { signal });
    for (;;) {
      for (const verb of verbs) {
        const members = await membersOf(admin, `${topicPrefix}.${verb}`);
        if (members === undefined) continue;
        if (members === 0 && !missing.has(verb)) {
          missing.add(verb);
          say(
            `Waiting: no \`edxstream ${verb}\` is there for --topic-prefix ${topicPrefix}. Start one, on any machine.\n`,
          );
        } else if (members > 0 && missing.delete(verb)) {
          say(`Going on: an \`edxstream ${verb}\` is there.\n`);
        }
      }
      await sleep(LOOK_MS, undefined, { signal });
    }
  } catch {
    // The load is over.
  }
}

/** Undefined where Kafka does not say so now: that it is away is told by others. */
async function membersOf(admin: Admin, groupId: string): Promise<number | undefined> {
  try {
    const { groups } = await admin.describeGroups([groupId]);
    return groups[0]?.members.length;
  } catch {
    return undefined;
  }
}
