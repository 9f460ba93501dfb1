/**
 * Headers of the records of `{prefix}.events`, all of them text, so that any consumer reads them.
 *
 *   kind       lines | rejected | file-ended | run-begun | date-complete | run-ended
 *   run, file  the run that handed the log file out, and its entry in the ledger (file_id)
 *   organization, site, server, log-date
 *   lines      `17,18,21`      the number of each line in its log file
 *   times      `1382438400000001,…`  event time of each line, microseconds since 1970
 *   piece      `2/5`           of a line that is larger than a record may be
 */
import type { IHeaders } from 'kafkajs';

export type RecordKind =
  | 'lines'
  | 'rejected'
  | 'file-ended'
  | 'run-begun'
  | 'date-complete'
  | 'run-ended';

export interface LogFileIdentity {
  readonly organization: string;
  readonly site: string;
  readonly server: string;
  /** YYYY-MM-DD. */
  readonly logDate: string;
}

export function headerText(headers: IHeaders | undefined, name: string): string {
  const value = headers?.[name];
  const one = Array.isArray(value) ? value[0] : value;
  return one === undefined ? '' : one.toString();
}

export function headerNumber(headers: IHeaders | undefined, name: string): number {
  const text = headerText(headers, name);
  return text === '' ? Number.NaN : Number(text);
}

const COMMA = 0x2c;
const ZERO = 0x30;

/** `1,5,17` as numbers, without a string for each. */
export function headerNumbers(headers: IHeaders | undefined, name: string): Uint32Array {
  const value = headers?.[name];
  const one = Array.isArray(value) ? value[0] : value;
  const bytes = Buffer.isBuffer(one) ? one : Buffer.from(one ?? '');
  if (bytes.length === 0) return new Uint32Array();
  let count = 1;
  for (const byte of bytes) if (byte === COMMA) count += 1;
  const numbers = new Uint32Array(count);
  let number = 0;
  let at = 0;
  for (const byte of bytes) {
    if (byte === COMMA) {
      numbers[at] = number;
      at += 1;
      number = 0;
    } else {
      number = number * 10 + byte - ZERO;
    }
  }
  numbers[at] = number;
  return numbers;
}
