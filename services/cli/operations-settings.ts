/** Settings that every long-running process has: what it serves, logs, and how long it drains. */
import { listenAddress, oneOf, wholeNumber } from '#shared/config/setting-types';
import type { SettingsTable } from '#shared/config/settings';
import { LOG_LEVELS } from '#shared/operations/log';

/** Settings of long-running processes, each with a port of its own by default. */
export function operationsSettings({ port }: { readonly port: number }) {
  return {
    listen: {
      flag: '--listen <host:port>',
      env: 'EDXSTREAM_LISTEN',
      default: `127.0.0.1:${port}`,
      type: listenAddress(),
      about: 'Where /metrics, /healthz and /readyz are served; port 0 takes any that is free.',
      group: 'Operating',
    },
    logLevel: {
      flag: '--log-level <level>',
      env: 'EDXSTREAM_LOG_LEVEL',
      default: 'info',
      type: oneOf(LOG_LEVELS),
      about: `What is logged at the least: ${LOG_LEVELS.join(', ')}.`,
      group: 'Operating',
    },
    drainSeconds: {
      flag: '--drain-seconds <n>',
      env: 'EDXSTREAM_DRAIN_SECONDS',
      default: '30',
      type: wholeNumber({ min: 0, max: 3600 }),
      about: 'How long SIGTERM lets it finish what it has begun; then it is dropped.',
      group: 'Operating',
    },
  } as const satisfies SettingsTable;
}
