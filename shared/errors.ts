/**
 * Faults that end a command: wrong usage, an outside system, or a bug of ours. (Faults of the data
 * are values, see outcome.ts.) Each code says once what it is about, what to do next, whether a
 * retry can help, and the exit status; the message adds what and where.
 */
export interface ErrorSpec {
  /** True where the same call may succeed later without anybody doing anything. */
  readonly retry: boolean;
  /** Exit status of the command: 2 usage or settings, 3 an outside system, 70 a bug. */
  readonly exit: 2 | 3 | 70;
  /** What to do next, for a person who does not know the code. */
  readonly next: string;
}

export const ERRORS = {
  USAGE: {
    retry: false,
    exit: 2,
    next: 'Run the command with --help to see what it takes.',
  },
  SETTINGS: {
    retry: false,
    exit: 2,
    next: 'Correct the settings named above; `edxstream config` prints what is in effect.',
  },
  INPUT_NOT_FOUND: {
    retry: false,
    exit: 2,
    next: 'Check the path; give tracking tars, database zips, or a directory that holds them.',
  },
  S3_NOT_FOUND: {
    retry: false,
    exit: 2,
    next: 'Check bucket and key; `edxstream inspect s3://bucket/` lists what a bucket holds.',
  },
  S3_ACCESS_DENIED: {
    retry: false,
    exit: 3,
    next: 'These credentials are valid but may not read this. Check the bucket and that they are those edX gave for it (--profile), or ask edX for access.',
  },
  S3_CREDENTIALS: {
    retry: false,
    exit: 3,
    next: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write them to a profile with `aws configure` and name it with --profile. A store of your own (--endpoint) wants credentials as well.',
  },
  S3_CREDENTIALS_EXPIRED: {
    retry: true,
    exit: 3,
    next: 'Renew the credentials (`aws sso login`, or a new session token) and run the same command again: it continues.',
  },
  S3_CLOCK: {
    retry: true,
    exit: 3,
    next: "Set this machine's clock: the store refuses requests that are minutes off. Then run the same command again.",
  },
  S3_WRONG_REGION: {
    retry: false,
    exit: 3,
    next: 'Give the region that the store names above with --region.',
  },
  S3_THROTTLED: {
    retry: true,
    exit: 3,
    next: 'The store asks for fewer requests. Run the same command again later: it continues.',
  },
  S3_REFUSED: {
    retry: false,
    exit: 3,
    next: 'Read the reason that the store gives above; for a store other than Amazon S3 check --endpoint and --path-style.',
  },
  S3_UNREACHABLE: {
    retry: true,
    exit: 3,
    next: 'Check the network and --endpoint, and run the same command again: it continues.',
  },
  KEY_MISSING: {
    retry: false,
    exit: 2,
    next: 'Pass the file that `gpg --export-secret-keys --armor <key id>` wrote with --key, or look at the packages without a key: --dry-run, `edxstream inspect`.',
  },
  KEY_UNREADABLE: {
    retry: false,
    exit: 2,
    next: 'Export the private key with `gpg --export-secret-keys --armor <key id>` and pass that file with --key.',
  },
  PASSPHRASE_WRONG: {
    retry: false,
    exit: 2,
    next: 'Give the passphrase of this key with --passphrase-file or EDXSTREAM_PASSPHRASE.',
  },
  DATA_DIRECTORY_BUSY: {
    retry: true,
    exit: 3,
    next: 'Wait for the other command to end, or use another --data directory; `edxstream status` works meanwhile.',
  },
  DATA_DIRECTORY_MISSING: {
    retry: false,
    exit: 2,
    next: 'Load packages into it with `edxstream load`, or name another directory with --data.',
  },
  DATA_DIRECTORY_UNUSABLE: {
    retry: false,
    exit: 3,
    next: 'Choose a directory that this user may write to with --data.',
  },
  MEMORY_EXHAUSTED: {
    retry: false,
    exit: 3,
    next: 'Lower --workers, EDXSTREAM_WINDOW_BYTES_MAX or EDXSTREAM_LINE_BYTES_MAX, then run the same command again: it continues.',
  },
  DISK_FULL: {
    retry: true,
    exit: 3,
    next: 'Free some space or use --data on another disk, then run the same command again: it continues.',
  },
  TARGET_UNWRITABLE: {
    retry: true,
    exit: 3,
    next: 'Choose a directory that this user may write to, on a disk with room enough, and run the same command again: it starts anew.',
  },
  WAREHOUSE_FAILED: {
    retry: true,
    exit: 3,
    next: 'Read the reason that ClickHouse gives above; run the same command again once it is mended.',
  },
  WAREHOUSE_UNREACHABLE: {
    retry: true,
    exit: 3,
    next: 'Check the address in --warehouse and that the server is up, then run the same command again: it continues.',
  },
  WAREHOUSE_REFUSED: {
    retry: false,
    exit: 2,
    next: 'Check --warehouse-user, its password (EDXSTREAM_WAREHOUSE_PASSWORD or --warehouse-password-file), the database at the end of the address, and what this user may do.',
  },
  WAREHOUSE_BUSY: {
    retry: true,
    exit: 3,
    next: 'Wait for the other load to end. If it was killed, it counts as gone a minute after it was last heard of.',
  },
  WAREHOUSE_LOCK_LOST: {
    retry: true,
    exit: 3,
    next: 'Run the same command again when the other load has ended: it continues where this one stopped.',
  },
  WAREHOUSE_EMPTY: {
    retry: false,
    exit: 2,
    next: 'Load packages into it with `edxstream load --warehouse`, or name another database at the end of the address.',
  },
  QUERY_REFUSED: {
    retry: false,
    exit: 2,
    next: 'Correct the SQL; the tables and columns are described in docs/schema.md.',
  },
  LISTEN_FAILED: {
    retry: false,
    exit: 2,
    next: 'Choose a free port of this machine with --listen <host:port>; port 0 takes any that is free.',
  },
  DRAIN_TIMED_OUT: {
    retry: true,
    exit: 3,
    next: 'Nothing is lost: another process, or the next start, takes over what was begun. Raise --drain-seconds if this happens often.',
  },
  COURSE_UNKNOWN: {
    retry: false,
    exit: 2,
    next: 'Take the id as `edxstream status` shows it; ids are matched exactly.',
  },
  KAFKA_UNREACHABLE: {
    retry: true,
    exit: 3,
    next: 'Check --broker (EDXSTREAM_BROKER), and that the brokers are up and take connections from here. One that closes connections may want TLS or a password: EDXSTREAM_KAFKA_TLS, EDXSTREAM_KAFKA_SASL.',
  },
  KAFKA_LOGIN_REFUSED: {
    retry: false,
    exit: 2,
    next: 'Check EDXSTREAM_KAFKA_USER, EDXSTREAM_KAFKA_PASSWORD, and EDXSTREAM_KAFKA_SASL, which names the mechanism that this listener takes.',
  },
  KAFKA_CERTIFICATE: {
    retry: false,
    exit: 2,
    next: 'Name the authority of the brokers with EDXSTREAM_KAFKA_CA_FILE, and a certificate that they ask for with EDXSTREAM_KAFKA_CERT_FILE and EDXSTREAM_KAFKA_KEY_FILE; hosts in --broker must be named as their certificates name them.',
  },
  KAFKA_REFUSED: {
    retry: false,
    exit: 3,
    next: 'Read what Kafka says above: rights of this user, or a limit such as max.message.bytes of the topic.',
  },
  REPLAY_TAKEN_OVER: {
    retry: false,
    exit: 3,
    next: 'Let one process at a time go on with a replay, or give each its own --resume name.',
  },
  BUG: {
    retry: false,
    exit: 70,
    next: 'This is a defect of edxstream: please report it with the output of the same command and --debug.',
  },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;

export class EdxstreamError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, detail: string, options?: { readonly cause?: unknown }) {
    super(detail, options);
    this.name = 'EdxstreamError';
    this.code = code;
  }

  get spec(): ErrorSpec {
    return ERRORS[this.code];
  }
}

/** Asserts an invariant of our own code; a failure is a bug (exit status 70), never a data fault. */
export function assert(condition: boolean, claim: string): asserts condition {
  if (!condition) {
    throw new EdxstreamError('BUG', `An invariant does not hold: ${claim}`);
  }
}
