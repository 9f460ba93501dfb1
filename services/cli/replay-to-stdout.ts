/** A sink of a replay: each event is its line and a line feed, on standard output. */

import { TimeRebaser } from '../replay/rebase-time.js';
import type { ReplayClock } from '../replay/replay-clock.js';
import type { ReplaySink } from './open-replay-sink.js';
import type { Shell } from './shell.js';

const LINE_FEED = 0x0a;

export function stdoutSink(
  { out }: Shell,
  { isRebased, clock }: { readonly isRebased: boolean; readonly clock: ReplayClock },
): ReplaySink {
  const rebaser = new TimeRebaser();
  return {
    async send(batch) {
      const nowUs = clock.dateUs();
      const lines = batch.map(({ raw, jsonAt }) =>
        isRebased ? rebaser.rebase(raw, jsonAt, nowUs) : raw,
      );
      await out.write(joined(lines));
      return out.isClosed ? 'closed' : 'sent';
    },
    // Written is all that it can be.
    flush: async () => undefined,
    close: async () => undefined,
  };
}

function joined(lines: readonly Buffer[]): Buffer {
  const size = lines.reduce((sum, line) => sum + line.length + 1, 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const line of lines) {
    bytes.set(line, at);
    at += line.length + 1;
    bytes[at - 1] = LINE_FEED;
  }
  return bytes;
}
