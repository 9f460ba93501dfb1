/**
 * A load that is killed at a random moment, and run again: the rows are those of a load that nothing
 * disturbed. `npm test` kills three times, `npm run test:faults` twenty times. Only a kill in the middle counts:
 * one behind the record `begin`, of a process that then ended by it.
 */
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksums } from '../support/checksums.js';
import { seededRandom } from '../support/random.js';
import { halfLoaded, TwoWeeks, untilBegun, wait } from '../support/two-weeks.js';

const { EDXSTREAM_TEST_KILLS: givenKills = '3' } = process.env;
const KILLS = Number(givenKills);

let weeks: TwoWeeks;

beforeAll(async () => {
  weeks = await TwoWeeks.open();
});

afterAll(() => weeks?.[Symbol.asyncDispose]());

test(
  `after ${KILLS} kills at random moments, the next run comes to the same rows`,
  async () => {
    const random = seededRandom('kill');
    for (let kill = 0; kill < KILLS; ) {
      // A new directory, or one that holds the first week: files that grow and rows that are replaced.
      const isFresh = random.next() < 0.4;
      const data = isFresh ? weeks.fresh() : await weeks.withFirstWeek();
      const deaths: string[] = [];
      do {
        const loading = weeks.load(data, [0, 1]);
        await untilBegun(loading);
        const afterMs = Math.round(weeks.loadingMs * 0.95 * random.next());
        await wait(afterMs);
        loading.child.kill('SIGKILL');
        const { status, said } = await loading.ended;
        expect(said).toContain('"type":"begin"');
        // A run that was faster than its killer is no kill.
        const isKilled = status === null && !said.includes('"type":"summary"');
        if (isKilled) kill += 1;
        deaths.push(`${isKilled ? 'killed after' : 'ended before'} ${afterMs} ms`);
        // The run that cleans up may be killed as well.
      } while (random.next() < 0.3);
      const story = `${kill} kills, ${isFresh ? 'new' : 'with the first week'}: ${deaths.join(', ')}`;
      console.log(story);
      const { status, said } = await weeks.load(data, [0, 1]).ended;
      expect({ story, status, said: status === 1 ? '' : said }).toEqual({
        story,
        status: 1,
        said: '',
      });
      expect({ story, half: await halfLoaded(data) }).toEqual({ story, half: [] });
      expect({ story, tables: await checksums(data) }).toEqual({ story, tables: weeks.checksums });
      await rm(data, { recursive: true, force: true });
    }
  },
  KILLS * 120_000,
);
