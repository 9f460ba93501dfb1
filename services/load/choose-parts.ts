/**
 * Decides, for a log file that was read, whether all of it is loaded, and which session's rows count where
 * two have loaded the same part.
 */
import type { LogFilePart } from '#shared/warehouse/log-file-parts';

export type PartsChoice =
  | { readonly kind: 'waiting' }
  /** Some partition has lost records, so the log file has to be loaded anew. */
  | { readonly kind: 'broken'; readonly detail: string }
  | { readonly kind: 'complete'; readonly kept: readonly LogFilePart[] };

/**
 * `published` says for each partition how many lines must be in. Of a log file that failed every partition
 * must be heard of, because an earlier attempt may have published something anywhere. Where `isOver`, sinks have
 * read every partition to the end of the run: a part that is not there was deleted before they came to it.
 */
export function chooseParts(
  parts: readonly LogFilePart[],
  {
    published,
    isFailed,
    isOver,
  }: {
    readonly published: readonly number[];
    readonly isFailed: boolean;
    readonly isOver: boolean;
  },
): PartsChoice {
  const kept: LogFilePart[] = [];
  for (const [partition, count] of published.entries()) {
    if (count === 0 && !isFailed) continue;
    const ofPartition = parts.filter((part) => part.partition === partition);
    const whole = ofPartition.find(
      ({ state, events, rejected }) =>
        state === 'loaded' && (isFailed || events + rejected === count),
    );
    if (whole !== undefined) {
      kept.push(whole);
      continue;
    }
    const broken = ofPartition.find(({ state }) => state === 'broken');
    if (broken !== undefined) return { kind: 'broken', detail: broken.detail };
    if (!isOver) return { kind: 'waiting' };
    if (isFailed) continue;
    const detail = `Partition ${partition} had not all of its ${count} lines, or not their end.`;
    return { kind: 'broken', detail };
  }
  return { kind: 'complete', kept };
}
