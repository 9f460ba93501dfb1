/** The commands that are nothing without Kafka say so before they do anything. */
import { EdxstreamError } from '#shared/errors';

export function requireBroker(
  { broker }: { readonly broker: readonly string[] },
  command: string,
): void {
  if (broker.length > 0) return;
  throw new EdxstreamError(
    'SETTINGS',
    `\`edxstream ${command}\` works through Kafka: name a broker with --broker (EDXSTREAM_BROKER).`,
  );
}
