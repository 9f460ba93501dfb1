/**
 * How often a member of a group gives a sign of life. Only by its answer does it learn that others have come or
 * gone, and who has come stands without work until all have learnt it: so not seldom, however patient the group is.
 */
export function beatEveryMs(sessionMs: number): number {
  return Math.min(Math.floor(sessionMs / 5), BEAT_MS_MAX);
}

const BEAT_MS_MAX = 3000;

/** Tells a consumer group that its member lives while one piece of work takes its time. */
export async function whileBeating<Result>(
  work: Promise<Result>,
  { heartbeat, everyMs }: { readonly heartbeat: () => Promise<void>; readonly everyMs: number },
): Promise<Result> {
  // Where a heartbeat is refused the work goes on by itself, and nobody waits for what becomes of it.
  work.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const waited = Symbol('waited');
  try {
    for (;;) {
      const turn = new Promise<typeof waited>((resolve) => {
        timer = setTimeout(() => resolve(waited), everyMs);
      });
      const first = await Promise.race([work, turn]);
      if (first !== waited) return first as Result; // the only other contender
      await heartbeat();
    }
  } finally {
    clearTimeout(timer);
  }
}
