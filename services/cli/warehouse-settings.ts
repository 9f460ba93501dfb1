/** Settings that say where the warehouse is: a directory, or a server and how to come in. */
import { onOrOff, serverUrl, text, wholeNumber } from '#shared/config/setting-types';
import type { SettingsTable } from '#shared/config/settings';

/** Where the warehouse is: every command that reads or writes it has these. */
export const warehouseSettings = {
  data: {
    flag: '-d, --data <dir>',
    env: 'EDXSTREAM_DATA',
    default: './edxstream-data',
    type: text(),
    about:
      'Directory of the embedded warehouse; it is made, for this user alone, where it is not there.',
    group: 'Warehouse',
  },
  warehouse: {
    flag: '--warehouse <url>',
    env: 'EDXSTREAM_WAREHOUSE',
    type: serverUrl().optional(),
    about:
      'A ClickHouse server in place of the embedded one: http(s)://host:port/database. --data is not used then.',
    group: 'Warehouse',
  },
  warehouseUser: {
    flag: '--warehouse-user <name>',
    env: 'EDXSTREAM_WAREHOUSE_USER',
    default: 'default',
    type: text(),
    about: 'The user of the ClickHouse server.',
    group: 'Warehouse',
  },
  warehousePasswordFile: {
    flag: '--warehouse-password-file <file>',
    env: 'EDXSTREAM_WAREHOUSE_PASSWORD_FILE',
    type: text().optional(),
    about: 'File whose first line is the password of this user.',
    group: 'Warehouse',
  },
  warehousePassword: {
    env: 'EDXSTREAM_WAREHOUSE_PASSWORD',
    type: text().optional(),
    isSecret: true,
    about: 'The password of this user; it is never given on the command line itself.',
    group: 'Warehouse',
  },
  warehouseCa: {
    flag: '--warehouse-ca <file>',
    env: 'EDXSTREAM_WAREHOUSE_CA',
    type: text().optional(),
    about:
      'Certificates (PEM) of the authority that an https server is believed by, if not a public one.',
    group: 'Warehouse',
  },
  warehouseCertFile: {
    env: 'EDXSTREAM_WAREHOUSE_CERT_FILE',
    type: text().optional(),
    about: 'File with the certificate (PEM) that is shown to an https server.',
    group: 'Warehouse',
  },
  warehouseKeyFile: {
    env: 'EDXSTREAM_WAREHOUSE_KEY_FILE',
    type: text().optional(),
    about: 'File with the key (PEM) of that certificate.',
    group: 'Warehouse',
  },
  warehouseTimeoutSeconds: {
    env: 'EDXSTREAM_WAREHOUSE_TIMEOUT_SECONDS',
    default: '120',
    type: wholeNumber({ min: 1, max: 86_400 }),
    about: 'How long the ClickHouse server may be silent before the connection counts as broken.',
    group: 'Warehouse',
  },
  warehousePatienceSeconds: {
    env: 'EDXSTREAM_WAREHOUSE_PATIENCE_SECONDS',
    default: '90',
    type: wholeNumber({ min: 0, max: 86_400 }),
    about: 'How long a ClickHouse server that cannot be reached is waited for.',
    group: 'Warehouse',
  },
  warehouseCompression: {
    env: 'EDXSTREAM_WAREHOUSE_COMPRESSION',
    default: 'no',
    type: onOrOff(),
    about: 'Compress what goes to the ClickHouse server and comes from it: for slow networks.',
    group: 'Warehouse',
  },
} as const satisfies SettingsTable;
