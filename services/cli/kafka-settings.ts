/** The settings by which a Kafka cluster is reached. */
import { listOf, oneOf, onOrOff, text } from '#shared/config/setting-types';
import type { SettingsTable } from '#shared/config/settings';

/** Every command that talks to Kafka has these. */
export const kafkaSettings = {
  broker: {
    flag: '--broker <host:port>',
    env: 'EDXSTREAM_BROKER',
    type: listOf({ separator: ',' }),
    isRepeatable: true,
    about: 'A broker of the Kafka cluster; the others are learned from it.',
    group: 'Kafka',
  },
  kafkaTls: {
    env: 'EDXSTREAM_KAFKA_TLS',
    default: 'no',
    type: onOrOff(),
    about: 'Talk to the brokers through TLS; a file below asks for it as well.',
    group: 'Kafka',
  },
  kafkaCaFile: {
    env: 'EDXSTREAM_KAFKA_CA_FILE',
    type: text().optional(),
    about: 'File with the certificates (PEM) that brokers are checked against.',
    group: 'Kafka',
  },
  kafkaCertFile: {
    env: 'EDXSTREAM_KAFKA_CERT_FILE',
    type: text().optional(),
    about: 'File with the certificate (PEM) that this client shows.',
    group: 'Kafka',
  },
  kafkaKeyFile: {
    env: 'EDXSTREAM_KAFKA_KEY_FILE',
    type: text().optional(),
    about: 'File with the key (PEM) of that certificate.',
    group: 'Kafka',
  },
  kafkaSasl: {
    env: 'EDXSTREAM_KAFKA_SASL',
    type: oneOf(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
    about: 'How user and password are shown: plain, scram-sha-256 or scram-sha-512.',
    group: 'Kafka',
  },
  kafkaUser: {
    env: 'EDXSTREAM_KAFKA_USER',
    type: text().optional(),
    about: 'The user at the brokers.',
    group: 'Kafka',
  },
  kafkaPassword: {
    env: 'EDXSTREAM_KAFKA_PASSWORD',
    type: text().optional(),
    isSecret: true,
    about: 'The password at the brokers; it is never given on the command line itself.',
    group: 'Kafka',
  },
} as const satisfies SettingsTable;
