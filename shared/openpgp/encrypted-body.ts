/**
 * Opens a member up to the body of its encrypted packet: armor off, session key packets read.
 */
import type { MemberSource } from '#shared/packages/member-source';
import { withoutArmor } from './armor.js';
import { ByteCursor } from './byte-cursor.js';
import { isCompressionError, PlaintextFault } from './message-fault.js';
import { packetBody } from './packet-framing.js';
import { type MessagePreamble, readPreamble } from './session-key.js';

export interface EncryptedBody {
  readonly preamble: MessagePreamble;
  /** The body, once, to its end; a cut or anything after it is a fault. */
  readonly runs: AsyncIterable<Buffer>;
  /** The first bytes of the body, up to four: its version, and what follows. */
  readonly head: Buffer;
  close(): Promise<void>;
}

export async function openEncryptedBody(
  source: MemberSource,
  signal: AbortSignal | undefined,
): Promise<EncryptedBody> {
  const cursor = new ByteCursor(withoutArmor(storedBytes(source, signal)));
  try {
    const preamble = await readPreamble(cursor);
    const body = new ByteCursor(packetBody(cursor, preamble.encrypted, { isOwned: false }));
    const head = Buffer.from(await body.peek(4));
    return {
      preamble,
      head,
      runs: toTheEnd(cursor, body),
      close: () => cursor.close(),
    };
  } catch (error) {
    await cursor.close();
    throw error;
  }
}

async function* toTheEnd(
  cursor: ByteCursor,
  body: ByteCursor,
): AsyncGenerator<Buffer, void, undefined> {
  for (;;) {
    const run = await body.some(Number.POSITIVE_INFINITY);
    if (run === undefined) break;
    yield run;
  }
  if ((await cursor.peek(1)).length > 0) {
    throw new PlaintextFault(
      'damaged',
      `bytes follow its end at byte ${cursor.position}, so it was put together or changed by somebody; gpg refuses it too`,
    );
  }
}

/** The member as it is stored. A zip member that does not inflate is a fault of the data too. */
async function* storedBytes(
  source: MemberSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of source.open(signal)) {
      signal?.throwIfAborted();
      yield chunk;
    }
  } catch (cause) {
    if (!isCompressionError(cause)) throw cause;
    throw new PlaintextFault(
      cause.code === 'Z_BUF_ERROR' ? 'truncated' : 'damaged',
      `the package does not give its bytes whole (${cause.message})`,
      { cause },
    );
  }
}
