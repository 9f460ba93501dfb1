/**
 * One attempt to log in at each broker that was named, before anything is repeated: a password that is
 * wrong and a certificate that is not believed stay so, and the library would try them again for a minute.
 *
 *   no broker answers   not said here: it may be starting, and whoever needs it waits for it
 */
import type { Kafka } from 'kafkajs';
import { asKafkaError, isLasting } from '#shared/kafka/kafka-errors';

/** @throws EdxstreamError KAFKA_LOGIN_REFUSED or KAFKA_CERTIFICATE. */
export async function firstContact(
  brokers: readonly string[],
  clientOf: (broker: string) => Kafka,
): Promise<void> {
  // One after the other: several wrong passwords at once lock a user out in some places.
  for (const broker of brokers) {
    const admin = clientOf(broker).admin();
    try {
      await admin.connect();
    } catch (error) {
      if (isLasting(error)) throw asKafkaError(error, broker);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }
}
