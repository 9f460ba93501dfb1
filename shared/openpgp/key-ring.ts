/**
 * The unlocked private keys that messages are read with, as plain data: it can be posted to a worker as it
 * is, and reading the usual message with it takes no `openpgp`, which costs a thread 60 ms to load.
 * It holds UNLOCKED secrets, so it is for worker threads, never for a disk.
 */

export interface KeyRing {
  readonly keys: readonly RingKey[];
}

export interface RingKey {
  /** The id of the primary key, 16 upper-case hexadecimal digits, as `gpg -K` prints it. */
  readonly keyId: string;
  readonly userId: string;
  readonly secrets: readonly RingSecret[];
  /** The whole key in OpenPGP's own format, with its secrets unlocked, for `openpgp`. */
  readonly unlocked: Uint8Array;
}

/** One unlocked secret that can decrypt session keys: a primary key or a subkey. */
export interface RingSecret {
  readonly keyId: string;
  /** Undefined of a secret of another kind. */
  readonly rsa: RsaNumbers | undefined;
}

/** The numbers of an RSA secret as OpenPGP has them: u is the inverse of p modulo q. */
export interface RsaNumbers {
  readonly n: Uint8Array;
  readonly e: Uint8Array;
  readonly d: Uint8Array;
  readonly p: Uint8Array;
  readonly q: Uint8Array;
  readonly u: Uint8Array;
}

/** OpenPGP's numbers of the two algorithms that are RSA and may encrypt. */
export function isRsaAlgorithm(algorithm: number | undefined): boolean {
  return algorithm === 1 || algorithm === 2;
}

/** What a person needs to see where no key fits: which keys there are. */
export function describeKeyRing(ring: KeyRing): string {
  if (ring.keys.length === 0) return 'the key ring is empty';
  const names = ring.keys.map((key) => {
    const ids = new Set([key.keyId, ...key.secrets.map((secret) => secret.keyId)]);
    return `${[...ids].join('/')} (${key.userId})`;
  });
  return `the key ring holds ${names.join(', ')}`;
}
