/** Opens where a replay goes, and says from where it goes on. */
import { createHash } from 'node:crypto';
import type { ValuesOf } from '#shared/config/settings';
import { EdxstreamError } from '#shared/errors';
import { renderCounted } from '#shared/progress/quantities';
import type { ReplayClock } from '../replay/replay-clock.js';
import type { ReplayedEvent, StartPoint } from '../replay/replayed-event.js';
import type { replaySettings } from './replay-settings.js';
import { stdoutSink } from './replay-to-stdout.js';
import type { Shell } from './shell.js';

export interface ReplaySink {
  /** Resolves when more may be sent; `closed` where nobody wants any. */
  send(batch: readonly ReplayedEvent[]): Promise<'sent' | 'closed'>;
  /** Resolves when everything that was sent has arrived. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface OpenedSink {
  readonly sink: ReplaySink;
  readonly start: StartPoint;
}

export interface OpenSinkOptions {
  readonly clock: ReplayClock;
  /** Writes to a person without tearing what is drawn. */
  readonly say: (text: string) => void;
}

type ReplaySettings = ValuesOf<typeof replaySettings>;

export async function openReplaySink(
  settings: ReplaySettings,
  shell: Shell,
  { clock, say }: OpenSinkOptions,
): Promise<OpenedSink> {
  const { sink: choice, rebase: isRebased, resume: name } = settings;
  const beginning: StartPoint = { kind: 'at-time', timeUs: settings.from ?? 0 };
  if (choice.kind === 'stdout') {
    refuse(
      name !== undefined,
      '--resume needs a sink that keeps what it was sent: --sink kafka:<topic>.',
    );
    return { sink: stdoutSink(shell, { isRebased, clock }), start: beginning };
  }
  refuse(settings.broker.length === 0, '--sink kafka: needs --broker (EDXSTREAM_BROKER).');
  // Loaded only now: most replays are looked at in a terminal.
  const { openKafka } = await import('#shared/kafka/kafka-client');
  const { openReplayTopics } = await import('../replay/kafka-topics.js');
  const { KafkaSink } = await import('../replay/kafka-sink.js');
  const kafka = await openKafka(settings, { clientId: 'edxstream-replay' });
  const { topic } = choice;
  const made = await openReplayTopics(kafka, { topic, isNamed: name !== undefined });
  for (const one of made) say(`Made the topic ${one}.\n`);
  const resume = name === undefined ? undefined : { name, of: describeReplay(settings, topic) };
  const { sink, position } = await KafkaSink.open({
    ...{ kafka, topic, resume, isRebased, clock, say, signal: shell.stop },
  });
  if (position === undefined) {
    if (name !== undefined) say(`Beginning ${name}: nothing was sent under this name yet.\n`);
    return { sink, start: beginning };
  }
  say(`Going on with ${name} after ${renderCounted(position.events, 'event')}.\n`);
  return { sink, start: { kind: 'after', place: position.last } };
}

/** What stays the same from one process of a named replay to the next, in words for people. */
function describeReplay({ course, site, where, untimed }: ReplaySettings, topic: string): string {
  const parts = [
    course.toSorted().join(', '),
    ...(site.length === 0 ? [] : [`at ${site.toSorted().join(', ')}`]),
    // A condition may be long; that it is the same is all that counts.
    ...(where === undefined
      ? []
      : [`where ${createHash('sha256').update(where).digest('hex').slice(0, 8)}`]),
    ...(untimed === 'skip' ? ['without untimed events'] : []),
  ];
  return `${parts.join(' ')} to ${topic}`;
}

function refuse(isWrong: boolean, detail: string): void {
  if (isWrong) throw new EdxstreamError('SETTINGS', detail);
}
