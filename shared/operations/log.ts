/**
 * The log of a long-running process: pino, one JSON object a line.
 *
 *   {"level":"info","time":"2026-11-22T20:41:05.123Z","service":"sink","partition":3,"rows":48211,"msg":"Run inserted."}
 *
 * A message is a fixed sentence; what varies is a field, with its unit in its name. info is for an
 * operator's diary, warn: we coped, error: somebody should look. Secrets are taken out by name wherever
 * they stand on the first two levels; nothing of a line or event is ever logged.
 */
import { type DestinationStream, type Logger, pino } from 'pino';

export type Log = Logger;

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const SECRETS = ['password', 'passphrase', 'privateKey', 'secretAccessKey', 'sasl', 'raw'];

export interface OpenLog {
  readonly service: string;
  readonly level: LogLevel;
  readonly to: DestinationStream;
}

export function openLog({ service, level, to }: OpenLog): Log {
  return pino(
    {
      level,
      base: { service },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '•••' },
    },
    to,
  );
}
