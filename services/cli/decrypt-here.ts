/** Decrypting in this process, for a load that hands its log files to nobody else. */
import type { Kernel } from '#shared/kernel/kernel';
import type { DecryptPool } from '../decrypt/decrypt-pool.js';
import { type LoadRound, loadInProcess } from './load-log-files.js';

interface DecryptHere extends AsyncDisposable {
  /** Begins to start the workers, which takes a while; without it the first round does. */
  readonly start: () => void;
  readonly loadRound: LoadRound;
}

/** Loads rounds with one pool of workers for all of them, opened once there is something for it to do. */
export function decryptHere(
  open: () => { readonly kernel: Kernel; readonly pool: DecryptPool },
): DecryptHere {
  let opened: ReturnType<typeof open> | undefined;
  const start = () => {
    opened ??= open();
    return opened;
  };
  return {
    start,
    loadRound: async (files, round) =>
      files.length === 0 ? [] : loadInProcess(files, start(), round),
    [Symbol.asyncDispose]: async () => opened?.pool[Symbol.asyncDispose](),
  };
}
