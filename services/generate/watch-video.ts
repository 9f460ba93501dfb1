/** A learner plays a video: load, play, now and then pause, seek or another speed, then stop. */
import { SECOND_US } from './calendar.js';
import type { Video } from './course-outline.js';
import type { Actor } from './schedule.js';
import type { Session } from './session.js';

export function* watchVideo(session: Session, video: Video, page: string): Actor {
  const { random } = session;
  const id = `{\\"id\\": \\"${video.htmlId}\\", \\"code\\": \\"${video.code}\\"`;
  const say = (type: string, rest = '') => session.browser(type, `${id}${rest}}`, page);
  const at = (seconds: number) => `, \\"currentTime\\": ${seconds.toFixed(3)}`;
  let position = 0;
  let speed = 1;
  say('load_video');
  yield random.between(1, 6) * SECOND_US + random.below(SECOND_US);
  const sittings = random.between(1, 4);
  for (let sitting = 1; sitting <= sittings; sitting++) {
    say('play_video', at(position));
    const leftSeconds = video.durationSeconds - position;
    const wantedSeconds =
      sitting === sittings && random.chance(0.5) ? leftSeconds : random.exponential(120);
    const watchedSeconds = Math.max(1, Math.min(leftSeconds, wantedSeconds));
    yield (watchedSeconds / speed) * SECOND_US;
    position = Math.min(video.durationSeconds, position + watchedSeconds);
    if (position >= video.durationSeconds) break;
    const next = random.fraction();
    if (next < 0.2) {
      const target = random.fraction() * video.durationSeconds;
      say(
        'seek_video',
        `, \\"old_time\\": ${position.toFixed(3)}, \\"new_time\\": ${target.toFixed(3)}, \\"type\\": \\"${random.chance(0.8) ? 'onSlideSeek' : 'onCaptionSeek'}\\"`,
      );
      position = target;
    } else if (next < 0.28) {
      const faster = random.pick([0.75, 1, 1.25, 1.5].filter((other) => other !== speed));
      say(
        'speed_change_video',
        `, \\"current_time\\": ${position.toFixed(3)}, \\"old_speed\\": \\"${speedText(speed)}\\", \\"new_speed\\": \\"${speedText(faster)}\\"`,
      );
      speed = faster;
    } else if (next < 0.34) {
      say(random.chance(0.5) ? 'show_transcript' : 'hide_transcript', at(position));
    }
    // Somebody who closes the page while the video plays leaves no pause behind.
    if (sitting === sittings && random.chance(0.2)) return;
    say('pause_video', at(position));
    yield random.exponential(25) * SECOND_US;
  }
  if (position >= video.durationSeconds) {
    say('pause_video', at(position));
    yield random.between(50, 400) * 1000;
    say('stop_video', at(position));
  }
}

/** The player writes `1.0`, `1.25` and `1.50`. */
function speedText(speed: number): string {
  return speed === 1 ? '1.0' : speed.toFixed(2);
}
