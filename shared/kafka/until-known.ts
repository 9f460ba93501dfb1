/**
 * A topic that was just made is not known to every broker at once, and one that does not know it yet says that
 * there is none. The library takes that for final where it first asks for a topic: in `subscribe`, and in the first
 * call of a producer, before anything is sent.
 */
import { isKafkaError } from '#shared/kafka/kafka-errors';
import { withPatience } from '#shared/warehouse/patience';

const KNOWN_WITHIN_MS = 30_000;
const NOT_KNOWN_YET = new Set<unknown>(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']);

/** Makes a call again while a broker does not know a topic that must be there. */
export function untilKnown<Result>(call: () => Promise<Result>): Promise<Result> {
  return withPatience(call, {
    patienceMs: KNOWN_WITHIN_MS,
    mayRepeat: (error) => isKafkaError(error) && 'type' in error && NOT_KNOWN_YET.has(error.type),
  });
}
