/** A fault of Kafka, told with what was being done. */
import { EdxstreamError } from '#shared/errors';

export function asKafkaError(error: unknown, doing: string): EdxstreamError {
  if (error instanceof EdxstreamError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new EdxstreamError('KAFKA_REFUSED', `Kafka does not take it (${doing}): ${message}`, {
    cause: error,
  });
}
