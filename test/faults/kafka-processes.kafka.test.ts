/**
 * Processes of a load over Kafka are killed, stopped, added and removed, and the others finish it: see
 * test/support/kafka-faults.ts for what must be so after each.
 */
import { faultBench, SESSION_MS } from '../support/kafka-faults.js';
import type { SeededRandom } from '../support/random.js';
import { wait } from '../support/two-weeks.js';

const STOPPED_MS = SESSION_MS + 2000;

const { survives } = faultBench();

survives(
  'an ingest and a sink are killed, and the others finish the load',
  'killed',
  async (underway, random) => {
    const { ingests, sinks } = underway.deployment;
    const ingest = one(ingests, random);
    const sink = one(sinks, random);
    const [read, settled] = [0.8 * random.next(), 0.8 * random.next()];
    const hits = await Promise.all([
      underway.untilRead(read).then((isNow) => isNow && underway.kill(ingest)),
      underway.untilSettled(settled).then((isNow) => isNow && underway.kill(sink)),
    ]);
    return hits.every(Boolean);
  },
);

survives(
  'sinks are added and removed, and two are killed at once',
  'added',
  async (underway, random) => {
    const { deployment } = underway;
    const [removed, killed] = random.next() < 0.5 ? [0, 1] : [1, 0];
    await underway.untilRead(0);
    const added = deployment.sink();
    await underway.untilRead(0.6 * random.next());
    deployment.sinks[removed]?.child.kill('SIGTERM');
    deployment.sink();
    await underway.until(() => underway.shared(added) > 0);
    if (!(await underway.untilSettled(0.6 * random.next()))) return false;
    const before = deployment.sinks[killed];
    const hits = await Promise.all([added, before].map((sink) => sink && underway.kill(sink)));
    return hits.every(Boolean);
  },
);

survives(
  'a sink is stopped for longer than its session, loses its partitions, and wakes up',
  'stopped',
  async (underway, random) => {
    const [stopped, other] = underway.deployment.sinks.toSorted(() => random.next() - 0.5);
    if (stopped === undefined || other === undefined) return false;
    if (!(await underway.untilRead(random.next()))) return false;
    await wait(300 * random.next());
    const isInTheMiddle = underway.isUnderWay;
    const before = underway.shared(other);
    stopped.child.kill('SIGSTOP');
    await wait(STOPPED_MS);
    await underway.until(() => underway.shared(other) > before);
    stopped.child.kill('SIGCONT');
    return isInTheMiddle && underway.shared(other) > before;
  },
);

survives(
  'the load itself is killed, and another one goes on',
  'planner',
  async (underway, random) => {
    if (!(await underway.untilRead(random.next()))) return false;
    await wait(500 * random.next());
    const [load] = underway.deployment.loads;
    return load !== undefined && underway.kill(load);
  },
  { runsMax: 2 },
);

function one<Item>(items: readonly Item[], random: SeededRandom): Item {
  const item = items[Math.floor(random.next() * items.length)];
  if (item === undefined) throw new Error('There is none.');
  return item;
}
