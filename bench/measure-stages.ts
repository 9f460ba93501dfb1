/** The stages alone, each in a process of its own; decryption beside `gpg -d`. */
import path from 'node:path';
import type { Archive } from './archive.js';
import { runMeasured } from './run-measured.js';
import type { Sample } from './samples.js';
import type { StageAnswer } from './stages/stage-input.js';

export async function measureStage(
  measure: 'decrypt' | 'scan' | 'merge',
  archive: Archive,
): Promise<Sample> {
  const stage = path.join(import.meta.dirname, 'stages', `${measure}.ts`);
  const { stdout, peakBytes } = await runMeasured(
    { node: ['--import', 'tsx', stage, archive.record] },
    { UV_THREADPOOL_SIZE: '16' },
  );
  // What the stage wrote with its own type.
  const answer = JSON.parse(stdout) as StageAnswer;
  const events = measure === 'decrypt' ? archive.lines : answer.events;
  return { measure, side: 'edxstream', ...answer, events, peakBytes };
}

/** `gpg -d` of every log file to nowhere; the agent's time is not in its processor time. */
export async function measureGpg(archive: Archive, gpgHome: string): Promise<Sample> {
  const { fileList, lines, plaintextBytes } = archive;
  const { seconds, cpuSeconds } = await runMeasured(
    {
      shell: `while read -r file; do gpg --batch --quiet --decrypt "$file" > /dev/null || exit 1; done < '${fileList}'`,
    },
    { GNUPGHOME: gpgHome },
  );
  return {
    measure: 'decrypt',
    side: 'gpg',
    ...{ seconds, cpuSeconds, plaintextBytes, events: lines, peakBytes: 0 },
    checksum: `${plaintextBytes} bytes`,
  };
}
