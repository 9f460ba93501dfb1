/** What tests ask a cluster of theirs, and wait for. */
import { openKafka } from '#shared/kafka/kafka-client';
import type { KafkaBrokers } from './kafka-broker.js';
import { placeOf } from './kafka-place.js';
import { wait } from './two-weeks.js';

type Admin = ReturnType<Awaited<ReturnType<typeof openKafka>>['admin']>;

export async function withAdmin<Result>(
  { addresses }: KafkaBrokers,
  work: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const client = await openKafka(placeOf(addresses), { clientId: 'test' });
  const admin = client.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** The node that leads most partitions of a topic. */
export async function leaderOfMost(kafka: KafkaBrokers, topic: string): Promise<number> {
  const { topics } = await withAdmin(kafka, (admin) =>
    admin.fetchTopicMetadata({ topics: [topic] }),
  );
  const leads = new Map<number, number>();
  for (const { leader } of topics[0]?.partitions ?? []) {
    leads.set(leader, (leads.get(leader) ?? 0) + 1);
  }
  const [leader] = [...leads].toSorted((a, b) => b[1] - a[1])[0] ?? [1];
  return leader;
}

/** Until every partition has all of its replicas again, so that the next fault finds a sound cluster. */
export async function untilInSync(kafka: KafkaBrokers): Promise<void> {
  const isInSync = (): Promise<boolean> =>
    withAdmin(kafka, async (admin) => {
      const { topics } = await admin.fetchTopicMetadata();
      return topics.every(({ partitions }) =>
        partitions.every(({ isr, replicas }) => isr.length === replicas.length),
      );
    });
  while (!(await isInSync().catch(() => false))) await wait(300);
}
