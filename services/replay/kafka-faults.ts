/** Which faults of Kafka pass when one waits, and which do not. */
import { EdxstreamError } from '#shared/errors';

/** What the broker says of a request that it will say of the next one as well. */
const LASTING = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_TOPIC_EXCEPTION',
  'POLICY_VIOLATION',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
]);

interface KafkaFault {
  readonly type?: unknown;
  readonly name?: unknown;
  readonly cause?: unknown;
}

export function isLasting(error: unknown): boolean {
  if (error instanceof EdxstreamError) return true;
  const fault = error as KafkaFault | undefined; // only looked at, each member checked below
  if (fault === undefined || fault === null) return false;
  if (typeof fault.type === 'string' && LASTING.has(fault.type)) return true;
  if (fault.name === 'KafkaJSSASLAuthenticationError') return true;
  return fault.cause !== undefined && isLasting(fault.cause);
}

export function asKafkaError(error: unknown, doing: string): EdxstreamError {
  if (error instanceof EdxstreamError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new EdxstreamError('KAFKA_REFUSED', `Kafka does not take it (${doing}): ${message}`, {
    cause: error,
  });
}
