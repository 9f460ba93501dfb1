/**
 * `edxstream replay`: settings → warehouse → courses and condition checked → replay → sink.
 *
 * Events go to standard output; progress, keys and what is to be said go to standard error. A reader that
 * goes away (`| head`) ends the replay and is no fault.
 */
import { Command } from 'commander';
import type { ValuesOf } from '#shared/config/settings';
import { renderCounted, renderDuration } from '#shared/progress/quantities';
import { isoTime } from '../replay/rebase-time.js';
import { Replay, type ReplayStatus } from '../replay/replay.js';
import { systemClock } from '../replay/replay-clock.js';
import { addSettings, settingsOf } from './add-settings.js';
import { EXIT } from './exit-status.js';
import { openReplaySink } from './open-replay-sink.js';
import { openReplaySource } from './open-replay-source.js';
import { renderTime, showReplay } from './replay-screen.js';
import { replaySettings } from './replay-settings.js';
import type { Shell } from './shell.js';

const EXAMPLES = `
Examples:
  edxstream replay --course UniversityA/CS1/2013_Fall --speed 60
  edxstream replay -c UniversityA/CS1/2013_Fall --from 2013-10-01 --to 2013-10-08 -s max > week.log
  edxstream replay -c UniversityA/CS1/2013_Fall -s 1000 --where "event_type LIKE '%video'" --rebase
`;

type ReplaySettings = ValuesOf<typeof replaySettings>;

export function replayCommand(shell: Shell, end: (exitStatus: number) => void): Command {
  const command = new Command('replay')
    .description(
      'Plays the events of a course back at the pace at which they happened, or any other.',
    )
    .addHelpText('after', EXAMPLES);
  addSettings(command, replaySettings);
  return command.action(async () => {
    end(await runReplay(settingsOf(command, replaySettings, shell.env), shell));
  });
}

async function runReplay(settings: ReplaySettings, shell: Shell): Promise<number> {
  const { speed, maxGap } = settings;
  // Once there is a screen, what is said goes around it.
  let say = (text: string): void => void shell.err.write(text);
  const options = { clock: systemClock, say: (text: string) => say(text) };
  await using courses = await openReplaySource(settings, options);
  const { sink, start } = await openReplaySink(settings, shell, options);
  const replay = new Replay(courses.source, {
    ...{ start, speed, clock: systemClock, signal: shell.stop },
    maxGapUs: maxGap ?? Number.POSITIVE_INFINITY,
    onShortened: (gap) => screen.say(describeGap(gap)),
  });
  const screen = showReplay(replay, shell);
  say = screen.say;
  try {
    for await (const batch of replay) {
      if ((await screen.around(() => sink.send(batch))) === 'closed') break;
    }
    await sink.flush();
  } finally {
    screen.close();
    await sink.close();
  }
  await shell.err.write(
    describeEnd(replay.status(), { isStopped: shell.stop.aborted, earlier: courses.earlier() }),
  );
  return shell.stop.aborted ? EXIT.interrupted : EXIT.allIn;
}

function describeGap({ fromUs, toUs }: { readonly fromUs: number; readonly toUs: number }): string {
  const length = renderDuration((toUs - fromUs) / 1e6);
  return `Shortened: nothing happened for ${length} after ${renderTime(fromUs)}.\n`;
}

function describeEnd(
  status: ReplayStatus,
  { isStopped, earlier }: { readonly isStopped: boolean; readonly earlier: number },
): string {
  const { events, gapsShortened, eventTimeUs } = status;
  const gaps =
    gapsShortened === 0 ? '' : `, with ${renderCounted(gapsShortened, 'pause')} shortened`;
  const late =
    earlier === 0 ? '' : `, and ${renderCounted(earlier, 'event')} left out that came too late`;
  const sent = `${renderCounted(events, 'event')}${gaps}${late}.`;
  if (!isStopped) return `Sent ${sent}\n`;
  const reached =
    events === 0 ? '' : ` It was at ${isoTime(eventTimeUs)}; --from takes it up there.`;
  return `Stopped after ${sent}${reached}\n`;
}
