/**
 * Reads one encrypted OpenPGP message: verified first, released after.
 *
 *   pass 1   session key → decrypt → hash → integrity code holds?      nothing leaves
 *   pass 2   (held blocks, or read and decrypt again) → inflate → literal → gunzip → plaintext
 *
 * The integrity code covers the bytes as they were before inflating, so pass 1 is AES and SHA-1
 * only, a small part of the whole cost. Compressed messages up to `heldBytesMax` are kept decrypted
 * between the passes; larger ones are decrypted twice, so that memory does not grow with them.
 *
 * What may follow the message is decided as gpg does: a single byte after the encrypted packet fails
 * the message (gpg says that it has been manipulated); text after ASCII armor is ignored.
 */
import { keep, type Outcome, reject } from '#shared/outcome';
import type { MemberSource } from '#shared/packages/member-source';
import { authenticatedContent, hasNativeMode, isAuthenticated } from './authenticated-chunks.js';
import { FEEDBACK_CIPHERS } from './decrypt-feedback.js';
import {
  type BodyKey,
  heldContent,
  rereadContent,
  takeHeld,
  unprotectedContent,
  verifyBody,
} from './decrypted-blocks.js';
import { type EncryptedBody, openEncryptedBody } from './encrypted-body.js';
import type { KeyRing } from './key-ring.js';
import { type MessageFault, PlaintextFault } from './message-fault.js';
import { TAG } from './packet-framing.js';
import { type ContentOptions, finishContent, readContent } from './read-content.js';
import { type SessionKey, unwrapSessionKeys } from './session-key.js';

// Part of what `openMessage` returns and throws, so they can be had from here as well.
export { type MessageFault, PlaintextFault };

export interface OpenMessageOptions {
  readonly keys: KeyRing;
  /** Read messages that carry no integrity code, with a warning. Default: refuse them. */
  readonly allowUnprotected?: boolean;
  /** How many decrypted, still compressed bytes may wait in memory. Default 32 MiB. */
  readonly heldBytesMax?: number;
  /** What to do with gzip inside the message. Default `auto`: unzip it. */
  readonly gunzip?: ContentOptions['gunzip'];
  readonly signal?: AbortSignal;
}

export interface VerifiedMessage {
  readonly warnings: readonly string[];
  /**
   * The plaintext in chunks of mostly 256 KiB to 1 MiB. The bytes of a chunk belong to the receiver,
   * its ArrayBuffer does not (chunks may share one): write into it, but do not transfer it. Throws
   * `PlaintextFault` where content that passed the integrity check does not unpack. Can be called
   * again; the message is then read and decrypted again.
   */
  plaintext(signal?: AbortSignal): AsyncIterable<Buffer>;
}

/** A reading of the content, begun anew at every call. */
type Content = (signal: AbortSignal | undefined) => AsyncIterable<Buffer>;

const HELD_BYTES_MAX = 32 << 20;

/** Verifies the whole message before it resolves; a fault of the message is a value. */
export async function openMessage(
  source: MemberSource,
  options: OpenMessageOptions,
): Promise<Outcome<VerifiedMessage, MessageFault>> {
  try {
    return keep(await verifyMessage(source, options));
  } catch (error) {
    if (!(error instanceof PlaintextFault)) throw error;
    return reject(error.reason, located(source, error).message);
  }
}

async function verifyMessage(
  source: MemberSource,
  options: OpenMessageOptions,
): Promise<VerifiedMessage> {
  const first = await openEncryptedBody(source, options.signal);
  try {
    const sessionKeys = await unwrapSessionKeys(first.preamble, options.keys);
    // With hidden recipients there may be several candidates; otherwise there is one.
    for (const [index, sessionKey] of sessionKeys.entries()) {
      const body = index === 0 ? first : await openEncryptedBody(source, options.signal);
      try {
        const message = await verifyWith(source, body, sessionKey, options);
        if (message !== undefined) return message;
      } finally {
        await body.close();
      }
    }
  } finally {
    await first.close();
  }
  throw new PlaintextFault(
    'integrity-failed',
    'its integrity code does not hold: it was damaged or changed on its way, and nothing of it is read. Fetch the package again',
  );
}

/** Undefined where the integrity code does not hold with this session key. */
async function verifyWith(
  source: MemberSource,
  body: EncryptedBody,
  sessionKey: SessionKey,
  options: OpenMessageOptions,
): Promise<VerifiedMessage | undefined> {
  const { tag } = body.preamble.encrypted;
  const cipher = FEEDBACK_CIPHERS.get(sessionKey.cipher ?? 0);
  const key = cipher && { cipher, bytes: sessionKey.bytes };
  if (tag === TAG.encryptedWithoutIntegrity) return openUnprotected(source, body, key, options);
  if (isAuthenticated(tag, body.head)) {
    return hasNativeMode(body.head)
      ? openAuthenticated(source, body, sessionKey, options)
      : openUnusual(source, body, sessionKey, options);
  }
  const [version] = body.head;
  if (version !== 1) {
    throw new PlaintextFault(
      version === undefined ? 'truncated' : 'unsupported',
      `its encrypted packet has version ${version ?? 'none'}; decrypt it with gpg`,
    );
  }
  return key === undefined
    ? openUnusual(source, body, sessionKey, options)
    : openProtected(source, body, key, options);
}

async function openProtected(
  source: MemberSource,
  body: EncryptedBody,
  key: BodyKey,
  options: OpenMessageOptions,
): Promise<VerifiedMessage | undefined> {
  const heldBytesMax = options.heldBytesMax ?? HELD_BYTES_MAX;
  const verified = await verifyBody(afterVersion(body.runs), key, heldBytesMax);
  if (verified === undefined) return undefined;
  let { held } = verified;
  return verifiedMessage(source, [], (signal) => {
    // Held blocks serve one reading and are let go of as it proceeds.
    const blocks = held;
    held = undefined;
    const packets =
      blocks === undefined
        ? reopened(source, signal, (again) =>
            rereadContent(afterVersion(again.runs), key, verified),
          )
        : heldContent(blocks, key, verified.contentBytes);
    return readContent(packets, { gunzip: options.gunzip ?? 'auto' });
  });
}

async function openUnprotected(
  source: MemberSource,
  body: EncryptedBody,
  key: BodyKey | undefined,
  options: OpenMessageOptions,
): Promise<VerifiedMessage> {
  if (options.allowUnprotected !== true) {
    throw new PlaintextFault(
      'no-integrity',
      'it has no integrity code, so nobody can tell whether it was changed on its way. Ask for it to be encrypted again, or load it with --allow-unprotected if you trust where it comes from',
    );
  }
  if (key === undefined) {
    throw new PlaintextFault(
      'unsupported',
      'it has no integrity code and an old cipher; decrypt it with gpg',
    );
  }
  // There is nothing to verify but that it is all there.
  for await (const _ of body.runs);
  const warning = `${source.name}: it has no integrity code and was read because unprotected messages are allowed; nobody can tell whether it was changed on its way.`;
  return verifiedMessage(source, [warning], (signal) =>
    readContent(
      reopened(source, signal, (again) => unprotectedContent(again.runs, key)),
      { gunzip: options.gunzip ?? 'auto' },
    ),
  );
}

async function openAuthenticated(
  source: MemberSource,
  body: EncryptedBody,
  sessionKey: SessionKey,
  options: OpenMessageOptions,
): Promise<VerifiedMessage | undefined> {
  const { tag } = body.preamble.encrypted;
  const heldBytesMax = options.heldBytesMax ?? HELD_BYTES_MAX;
  let held: Buffer[] | undefined = [];
  let heldBytes = 0;
  try {
    for await (const chunk of authenticatedContent(tag, body.runs, sessionKey)) {
      heldBytes += chunk.length;
      if (heldBytes > heldBytesMax) held = undefined;
      held?.push(chunk);
    }
  } catch (error) {
    if (error instanceof PlaintextFault && error.reason === 'integrity-failed') return undefined;
    throw error;
  }
  return verifiedMessage(source, [], (signal) => {
    const blocks = held;
    held = undefined;
    const packets =
      blocks === undefined
        ? reopened(source, signal, (again) => authenticatedContent(tag, again.runs, sessionKey))
        : takeHeld(blocks);
    return readContent(packets, { gunzip: options.gunzip ?? 'auto' });
  });
}

async function openUnusual(
  source: MemberSource,
  body: EncryptedBody,
  sessionKey: SessionKey,
  options: OpenMessageOptions,
): Promise<VerifiedMessage | undefined> {
  const { tag } = body.preamble.encrypted;
  // Loaded where it is needed: see key-ring.ts.
  const { decryptByOpenpgp } = await import('./openpgp-fallback.js');
  try {
    for await (const _ of decryptByOpenpgp({ tag, body: body.runs }, sessionKey));
  } catch (error) {
    if (error instanceof PlaintextFault && error.reason === 'integrity-failed') return undefined;
    throw error;
  }
  return verifiedMessage(source, [], (signal) =>
    finishContent(
      reopened(source, signal, (again) => decryptByOpenpgp({ tag, body: again.runs }, sessionKey)),
      { gunzip: options.gunzip ?? 'auto' },
    ),
  );
}

function verifiedMessage(
  source: MemberSource,
  warnings: readonly string[],
  content: Content,
): VerifiedMessage {
  return {
    warnings,
    async *plaintext(signal) {
      try {
        for await (const chunk of content(signal)) {
          signal?.throwIfAborted();
          yield chunk;
        }
      } catch (error) {
        throw error instanceof PlaintextFault ? located(source, error) : error;
      }
    },
  };
}

/** Opens the member once more for a reading, and closes it when the reading ends or is left. */
async function* reopened(
  source: MemberSource,
  signal: AbortSignal | undefined,
  read: (body: EncryptedBody) => AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  const body = await openEncryptedBody(source, signal);
  try {
    yield* read(body);
  } finally {
    await body.close();
  }
}

async function* afterVersion(runs: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let isFirst = true;
  for await (const run of runs) {
    yield isFirst ? run.subarray(1) : run;
    isFirst = false;
  }
}

/** Says where, in front of what and what to do. */
function located(source: MemberSource, fault: PlaintextFault): PlaintextFault {
  return new PlaintextFault(fault.reason, `${source.name}: ${fault.message}.`, { cause: fault });
}
