/** Faults of Kafka as the command tells them: told apart by the names and codes that the library gives its errors. */
import { isCertificateNotBelieved, isOwnCertificateRefused } from '#shared/certificate-faults';
import { EdxstreamError, type ErrorCode } from '#shared/errors';

/** The library repeats a call for a minute before it gives up with one of these. */
const UNREACHABLE = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSBrokerNotFound',
  'KafkaJSRequestTimeoutError',
  'KafkaJSGroupCoordinatorNotFound',
]);

/** What a broker says of a user or a password, or of the way in which they are shown. */
const LOGIN = new Set([
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
]);

/** What a broker says of a request that it will say of the next one as well. */
const LASTING = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_TOPIC_EXCEPTION',
  'POLICY_VIOLATION',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
]);

/** As far as errors of the library have it. */
interface KafkaFault {
  readonly name?: unknown;
  /** What the broker answered. */
  readonly type?: unknown;
  /** What the connection ended with. */
  readonly code?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
}

/** @throws EdxstreamError with a code of Kafka for a fault of Kafka; any other as it is. */
export async function withKafkaErrors<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw asKafkaError(error);
  }
}

/** Errors of the library are named for it. */
export function isKafkaError(error: unknown): error is Error {
  return error instanceof Error && error.name.startsWith('KafkaJS');
}

/** True where waiting helps nobody: the same call meets the same answer. */
export function isLasting(error: unknown): boolean {
  if (error instanceof EdxstreamError) return true;
  return faultsOf(error).some(
    (fault) => isOf(LASTING, fault.type) || isLogin(fault) || isCertificate(fault),
  );
}

export function asKafkaError(error: unknown, broker = ''): unknown {
  if (!isKafkaError(error)) return error;
  const { code, about } = told(error);
  const where = broker === '' ? 'Kafka' : `Kafka at ${broker}`;
  return new EdxstreamError(code, `${where}: ${about}`, { cause: error });
}

function told(error: Error): { readonly code: ErrorCode; readonly about: string } {
  const faults = faultsOf(error);
  // What was given up after many attempts carries the fault of the last one.
  const last = faults.at(-1) ?? error;
  const about = String(last.message);
  if (faults.some(isLogin)) return { code: 'KAFKA_LOGIN_REFUSED', about };
  const byCertificate = faults.find(isCertificate);
  if (byCertificate !== undefined) {
    const code = String(byCertificate.code);
    return {
      code: 'KAFKA_CERTIFICATE',
      about: isCertificateNotBelieved(code)
        ? `the certificate that the broker shows is not believed: ${String(byCertificate.message)} (${code})`
        : `the broker does not believe the certificate that it is shown, or is shown none (${code})`,
    };
  }
  return { code: isOf(UNREACHABLE, last.name) ? 'KAFKA_UNREACHABLE' : 'KAFKA_REFUSED', about };
}

/** The fault and what caused it, and what caused that. */
function faultsOf(error: unknown): readonly KafkaFault[] {
  const faults: KafkaFault[] = [];
  for (let at = error; at instanceof Error && !faults.includes(at); at = at.cause) faults.push(at);
  return faults;
}

function isLogin({ name, type }: KafkaFault): boolean {
  return name === 'KafkaJSSASLAuthenticationError' || isOf(LOGIN, type);
}

function isCertificate({ code }: KafkaFault): boolean {
  return (
    typeof code === 'string' && (isCertificateNotBelieved(code) || isOwnCertificateRefused(code))
  );
}

function isOf(set: ReadonlySet<string>, value: unknown): boolean {
  return typeof value === 'string' && set.has(value);
}
