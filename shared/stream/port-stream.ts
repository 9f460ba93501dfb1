/**
 * A stream of values from a worker over a MessagePort, with the receiver in control of the pace: the
 * sender may be at most `inflightMax` values ahead of what the receiver has taken.
 *
 *   worker   send(v1) send(v2) … waits        ──{value}──►   for await (const v of receive(port, 2))
 *                                             ◄── taken ──
 */
import type { MessagePort } from 'node:worker_threads';

/** What the receiver answers to each value, and what it says when it wants no more. */
const TAKEN = 0;
const STOP = 1;

type ToReceiver<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'end' };

export interface PortSender<T> {
  /** Hands over one value, moving `transfer`; waits while the receiver is too far behind. */
  send(value: T, transfer: readonly ArrayBuffer[]): Promise<void>;
  /** Says that no more will come. Always call it, also after a failure, or the receiver waits. */
  end(): void;
  /** Aborted once the receiver wants no more. */
  readonly stopped: AbortSignal;
}

export function sendOver<T>(port: MessagePort, inflightMax: number): PortSender<T> {
  let credits = inflightMax;
  let resume: (() => void) | undefined;
  const stop = new AbortController();
  const stopped = stop.signal;
  port.on('message', (answer: typeof TAKEN | typeof STOP) => {
    if (answer === STOP) stop.abort();
    else credits += 1;
    resume?.();
  });
  port.on('close', () => {
    stop.abort();
    resume?.();
  });
  return {
    stopped,
    async send(value, transfer) {
      while (credits === 0 && !stopped.aborted) {
        await new Promise<void>((go) => {
          resume = go;
        });
      }
      if (stopped.aborted) throw new Error('The receiver has closed the stream.');
      credits -= 1;
      const message: ToReceiver<T> = { kind: 'value', value };
      port.postMessage(message, [...transfer]);
    },
    end() {
      const message: ToReceiver<T> = { kind: 'end' };
      port.postMessage(message);
      port.unref();
    },
  };
}

export interface ReceiveOptions<T> {
  /** Ends the loop, without an error of its own. */
  readonly signal?: AbortSignal | undefined;
  /** Gets what was on its way when the loop was left, also later: for values that somebody must free. */
  readonly discard?: (value: T) => void;
}

/** The values as they come. Leaving the loop early, or aborting, fails the sender's next send. */
export async function* receiveFrom<T>(
  port: MessagePort,
  { signal, discard = () => {} }: ReceiveOptions<T> = {},
): AsyncIterable<T> {
  const arrived: ToReceiver<T>[] = [];
  let wake = (): void => {};
  let arrive = (message: ToReceiver<T>): void => {
    arrived.push(message);
    wake();
  };
  port.on('message', (message: ToReceiver<T>) => arrive(message));
  // Also where the sender's thread dies without a word.
  port.on('close', () => arrive({ kind: 'end' }));
  const abort = (): void => wake();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    while (signal?.aborted !== true) {
      const next = arrived.shift();
      if (next === undefined) {
        await new Promise<void>((go) => {
          wake = go;
        });
        continue;
      }
      if (next.kind === 'end') {
        port.close();
        return;
      }
      yield next.value;
      port.postMessage(TAKEN);
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    // The sender may have sent more before it reads this, and then says that it has ended. Nobody waits for it.
    port.postMessage(STOP);
    port.unref();
    arrive = (message) => {
      if (message.kind === 'value') discard(message.value);
      else port.close();
    };
    for (const message of arrived) arrive(message);
  }
}
