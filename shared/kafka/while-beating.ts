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
