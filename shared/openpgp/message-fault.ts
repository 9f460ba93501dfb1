/**
 * What can be wrong with one encrypted member. Every one of these is a fault of the data: it fails
 * that member and nothing else.
 *
 * While a message is verified a fault becomes the value that `openMessage` returns. Once plaintext
 * flows there is no return value left to carry it, so it is thrown out of the iteration as a
 * `PlaintextFault`, and the caller turns it back into a value where the iteration ends.
 */
export type MessageFault =
  | 'empty'
  | 'not-openpgp'
  | 'no-key'
  | 'no-integrity'
  | 'integrity-failed'
  | 'truncated'
  | 'damaged'
  /** The package was replaced in its store after it was indexed. */
  | 'replaced'
  | 'unsupported';

export class PlaintextFault extends Error {
  readonly reason: MessageFault;

  constructor(reason: MessageFault, detail: string, options?: { readonly cause?: unknown }) {
    super(detail, options);
    this.name = 'PlaintextFault';
    this.reason = reason;
  }
}

/** The errors with which node:zlib says that its input is bad, as opposed to a failure of ours. */
export function isCompressionError(error: unknown): error is Error & { readonly code: string } {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('Z_')
  );
}
