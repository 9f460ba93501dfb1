/**
 * Lines and log files of small packages: as much as a test needs, and each line different.
 */
import path from 'node:path';

export const COURSE = 'UniversityA/CS1/2013_Fall';
export const OTHER_COURSE = 'UniversityA/BIO2/2013_Fall';

export interface LineRequest {
  /** Distinguishes the line from others. */
  readonly n: number;
  readonly time?: string;
  readonly course?: string;
  /** Makes the line longer by so many bytes. */
  readonly padBytes?: number;
}

export function logLine({ n, time, course = COURSE, padBytes = 0 }: LineRequest): string {
  return JSON.stringify({
    username: `learner${n}`,
    event_type: 'play_video',
    event_source: 'browser',
    time: time ?? `2013-10-22T10:${String(n % 60).padStart(2, '0')}:00.000001+00:00`,
    event: JSON.stringify({ id: 'i4x-UniversityA-CS1-video-v1', currentTime: n }),
    context: { course_id: course, org_id: 'UniversityA', user_id: n },
    ...(padBytes > 0 ? { pad: 'x'.repeat(padBytes) } : {}),
  });
}

/** Lines from `first` to `last`, each with its line feed. */
export function logLines(first: number, last: number, course = COURSE): string {
  const lines: string[] = [];
  for (let n = first; n <= last; n += 1) lines.push(`${logLine({ n, course })}\n`);
  return lines.join('');
}

/** The path of a log file in a tar, without `.gpg`. */
export function logPath(server: string, date: string, organization = 'UniversityA'): string {
  return path.posix.join(organization, `prod-edxapp-${server}`, `${date}_${organization}.log`);
}
