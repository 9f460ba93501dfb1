/**
 * What a store answers when it does not do what it was asked: told as an error of ours, with what to do
 * next. Kinds are told apart by S3's own codes and HTTP statuses, never by text.
 */
import { EdxstreamError, type ErrorCode } from '#shared/errors';
import { formatObjectAddress, type ObjectAddress, type StoreSettings } from './stored-object.js';

const CODES: Readonly<Record<string, ErrorCode>> = {
  NoSuchBucket: 'S3_NOT_FOUND',
  NoSuchKey: 'S3_NOT_FOUND',
  NotFound: 'S3_NOT_FOUND',
  AccessDenied: 'S3_ACCESS_DENIED',
  AllAccessDisabled: 'S3_ACCESS_DENIED',
  AccountProblem: 'S3_ACCESS_DENIED',
  InvalidAccessKeyId: 'S3_CREDENTIALS',
  SignatureDoesNotMatch: 'S3_CREDENTIALS',
  InvalidToken: 'S3_CREDENTIALS',
  ExpiredToken: 'S3_CREDENTIALS_EXPIRED',
  ExpiredTokenException: 'S3_CREDENTIALS_EXPIRED',
  TokenRefreshRequired: 'S3_CREDENTIALS_EXPIRED',
  CredentialsProviderError: 'S3_CREDENTIALS',
  TokenProviderError: 'S3_CREDENTIALS_EXPIRED',
  RequestTimeTooSkewed: 'S3_CLOCK',
  RequestExpired: 'S3_CLOCK',
  PermanentRedirect: 'S3_WRONG_REGION',
  TemporaryRedirect: 'S3_WRONG_REGION',
  AuthorizationHeaderMalformed: 'S3_WRONG_REGION',
  IllegalLocationConstraintException: 'S3_WRONG_REGION',
  SlowDown: 'S3_THROTTLED',
  Throttling: 'S3_THROTTLED',
  ThrottlingException: 'S3_THROTTLED',
  RequestLimitExceeded: 'S3_THROTTLED',
  BandwidthLimitExceeded: 'S3_THROTTLED',
};

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  301: 'S3_WRONG_REGION',
  401: 'S3_CREDENTIALS',
  403: 'S3_ACCESS_DENIED',
  404: 'S3_NOT_FOUND',
  429: 'S3_THROTTLED',
};

/** The status of the answer that an error stands for; 0 where none came. */
export function statusOf(error: unknown): number {
  const metadata = member(error, '$metadata');
  const status = member(metadata, 'httpStatusCode');
  return typeof status === 'number' ? status : 0;
}

/** True where the version that was asked for is not there any more. */
export function isReplaced(error: unknown): boolean {
  const status = statusOf(error);
  // 416: the object has become shorter than the range, and the store looked at that first.
  return status === 412 || status === 416 || (status === 404 && nameOf(error) !== 'NoSuchBucket');
}

/** The error for a person; what is no answer of the store at all means that it was not reached. */
export function asStoreError(
  error: unknown,
  { store, ...address }: ObjectAddress & { readonly store: StoreSettings },
): EdxstreamError {
  if (error instanceof EdxstreamError) return error;
  const name = nameOf(error);
  const status = statusOf(error);
  const code = CODES[name] ?? BY_STATUS[status] ?? (isRefused(status) ? 'S3_REFUSED' : undefined);
  const where = formatObjectAddress(address);
  const said = error instanceof Error ? error.message : String(error);
  const answer = status === 0 ? said : `${said || name} (${name}, HTTP ${status})`;
  const at = store.endpoint === undefined ? '' : ` at ${store.endpoint}`;
  return new EdxstreamError(
    code ?? 'S3_UNREACHABLE',
    `${where}${at}: ${answer.replace(/[.\s]+$/, '')}.`,
    { cause: error },
  );
}

function isRefused(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408;
}

function nameOf(error: unknown): string {
  const code = member(error, 'Code');
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.name : '';
}

function member(value: unknown, name: string): unknown {
  // An error of the SDK carries members that no type of ours declares.
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
