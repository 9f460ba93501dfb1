/**
 * Turns what goes wrong between edxstream and a ClickHouse server into errors that say what to do: the
 * server was not reached, it did not know us, or it answered with an error of the engine.
 */
import { isCertificateNotBelieved, isOwnCertificateRefused } from '#shared/certificate-faults';
import { EdxstreamError } from '#shared/errors';
import { asEngineError, engineCode } from '#shared/warehouse/engine-errors';

/** Numbers of ClickHouse's ErrorCodes: user or password wrong, no such database, not allowed to this user. */
const AUTHENTICATION_CODES = new Set([192, 193, 194, 516]);
const NO_DATABASE = 81;
const ACCESS_DENIED = 497;

/** Codes of Node.js for a request of which nothing has left this machine. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Codes of Node.js for a connection that broke; what became of the request is not known. */
const BROKEN = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** How far a request came that failed. */
export type Reached =
  /** It never left: it can be made again. */
  | 'not-sent'
  /** It may have been carried out, or may still be. */
  | 'unknown'
  /** The server answered. */
  | 'answered';

export function reached(error: unknown): Reached {
  const code = networkCode(error);
  if (code !== undefined && NOT_SENT.has(code)) return 'not-sent';
  if ((code !== undefined && BROKEN.has(code)) || isTimeout(error)) return 'unknown';
  return 'answered';
}

export function asServerError(error: unknown, server: string, doing: string): EdxstreamError {
  if (error instanceof EdxstreamError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (reached(error) !== 'answered') {
    return new EdxstreamError(
      'WAREHOUSE_UNREACHABLE',
      `The ClickHouse server ${server} does not answer (${doing}): ${message}`,
      { cause: error },
    );
  }
  if (isCertificateNotBelieved(networkCode(error))) {
    return refused(
      error,
      `The certificate of the ClickHouse server ${server} is not believed: ${message}. --warehouse-ca names the authority of a private one.`,
    );
  }
  if (isOwnCertificateRefused(networkCode(error))) {
    return refused(
      error,
      `The ClickHouse server ${server} does not believe the certificate that it is shown, or is shown none: ${message}. EDXSTREAM_WAREHOUSE_CERT_FILE and EDXSTREAM_WAREHOUSE_KEY_FILE name it.`,
    );
  }
  const code = engineCode(error);
  if (code !== undefined && AUTHENTICATION_CODES.has(code)) {
    return refused(error, `The ClickHouse server ${server} does not know this user or password.`);
  }
  if (code === NO_DATABASE) {
    return refused(error, `The ClickHouse server ${server} has no such database: ${message}`);
  }
  if (code === ACCESS_DENIED) {
    return refused(
      error,
      `The ClickHouse server ${server} does not allow it (${doing}): ${message}`,
    );
  }
  return asEngineError(error, doing);
}

function refused(cause: unknown, detail: string): EdxstreamError {
  return new EdxstreamError('WAREHOUSE_REFUSED', detail, { cause });
}

function networkCode(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | undefined)?.code; // only looked at
  if (typeof code === 'string' && !/^\d+$/.test(code)) return code;
  // Node.js tries the addresses of a name one after another and reports them together.
  const [first] = error instanceof AggregateError ? error.errors : [];
  return first === undefined ? undefined : networkCode(first);
}

/** The client says this with a text and nothing else; see its socket pool. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Timeout error.';
}
