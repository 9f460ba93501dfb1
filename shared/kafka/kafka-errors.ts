/** Faults of Kafka as the command tells them: told apart by the names that the library gives its errors. */
import { EdxstreamError } from '#shared/errors';

/** The library repeats a call for a minute before it gives up with one of these. */
const UNREACHABLE = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSBrokerNotFound',
  'KafkaJSRequestTimeoutError',
  'KafkaJSGroupCoordinatorNotFound',
]);

/** @throws EdxstreamError KAFKA_UNREACHABLE or KAFKA_REFUSED for a fault of Kafka; any other as it is. */
export async function withKafkaErrors<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw asKafkaError(error);
  }
}

/** Errors of the library are named for it. */
export function isKafkaError(error: unknown): error is Error {
  return error instanceof Error && error.name.startsWith('KafkaJS');
}

export function asKafkaError(error: unknown): unknown {
  if (!isKafkaError(error)) return error;
  // What was given up after many attempts carries the fault of the last one.
  const cause = error.cause instanceof Error ? error.cause : error;
  const code = UNREACHABLE.has(cause.name) ? 'KAFKA_UNREACHABLE' : 'KAFKA_REFUSED';
  return new EdxstreamError(code, `Kafka: ${cause.message}`, { cause: error });
}
