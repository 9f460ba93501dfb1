/**
 * Turns what ClickHouse says into an error that tells a person what to do. Both warehouses use it:
 * the engine's numbered codes are the same in process and over HTTP.
 */
import { EdxstreamError } from '#shared/errors';

/** Numbers of ClickHouse's ErrorCodes that mean a query was not understood or not allowed. */
const REFUSED_CODES = new Set([
  36, 42, 43, 46, 47, 48, 53, 60, 62, 63, 70, 81, 164, 179, 184, 215, 352, 386, 403,
]);
const NOT_ENOUGH_SPACE = 243;

interface EngineFault {
  readonly code?: unknown;
  readonly clickhouseCode?: unknown;
  readonly message?: unknown;
}

/** The engine's number for an error, or undefined where the error did not come from the engine. */
export function engineCode(error: unknown): number | undefined {
  const fault = error as EngineFault | undefined; // only looked at, each member checked below
  const found = fault?.clickhouseCode ?? fault?.code;
  const number = typeof found === 'number' ? found : Number(found);
  if (found !== undefined && Number.isInteger(number)) return number;
  // A streamed query in process says its number only as the engine's text begins: `Code: 47. …`.
  const said = /^Code: (\d+)\./.exec(typeof fault?.message === 'string' ? fault.message : '');
  return said === null ? undefined : Number(said[1]);
}

/** The engine's number for an error that was told as one of ours. */
export function causeCode(error: unknown): number | undefined {
  return engineCode(error instanceof EdxstreamError ? error.cause : error);
}

/** A statement in short, for messages. */
export function excerpt(sql: string): string {
  const line = sql.replace(/\s+/g, ' ').trim();
  return line.length > 120 ? `${line.slice(0, 120)}…` : line;
}

export function asEngineError(error: unknown, doing: string): EdxstreamError {
  if (error instanceof EdxstreamError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = engineCode(error);
  // ClickHouse has no number of its own for a write that the system refused for lack of space; the
  // text of errno 28 is the only thing that tells it from other failed writes.
  if (code === NOT_ENOUGH_SPACE || /No space left on device|errno: 28\b/.test(message)) {
    return new EdxstreamError('DISK_FULL', `The disk is full (${doing}): ${message}`, {
      cause: error,
    });
  }
  if (code !== undefined && REFUSED_CODES.has(code)) {
    return new EdxstreamError(
      'QUERY_REFUSED',
      `ClickHouse does not accept it (${doing}): ${message}`,
      {
        cause: error,
      },
    );
  }
  return new EdxstreamError('WAREHOUSE_FAILED', `ClickHouse reports (${doing}): ${message}`, {
    cause: error,
  });
}
