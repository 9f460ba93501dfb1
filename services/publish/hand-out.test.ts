import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HandOut } from './hand-out.js';

const DAY_US = 86_400e6;

test('every log file is handed out once, none far ahead of the earliest unread, and each date is complete once, in order', () => {
  const days = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 });
  fc.assert(
    fc.property(
      days,
      fc.integer({ min: 0, max: 4 }),
      fc.infiniteStream(fc.nat()),
      (drawn, ahead, picks) => {
        const files = drawn.map((day, id) => ({ id, logDateStartUs: day * DAY_US }));
        const handOut = new HandOut(files, { datesAhead: ahead });
        const dates = [...new Set(files.map(({ logDateStartUs }) => logDateStartUs))].toSorted(
          (a, b) => a - b,
        );
        const unread = new Set(files);
        const working: (typeof files)[number][] = [];
        const complete: number[] = [];
        const given: number[] = [];
        for (;;) {
          const next = handOut.next();
          const earliest = Math.min(...[...unread].map(({ logDateStartUs }) => logDateStartUs));
          for (const { id, logDateStartUs } of next) {
            given.push(id);
            expect(dates.indexOf(logDateStartUs) - dates.indexOf(earliest)).toBeLessThanOrEqual(
              ahead,
            );
          }
          working.push(...next);
          if (working.length === 0) break;
          const [done] = working.splice((picks.next().value ?? 0) % working.length, 1);
          if (done === undefined) break;
          unread.delete(done);
          for (const date of handOut.read(done)) {
            complete.push(date);
            expect([...unread].some(({ logDateStartUs }) => logDateStartUs <= date)).toBe(false);
          }
        }
        expect(given.toSorted((a, b) => a - b)).toEqual(files.map(({ id }) => id));
        expect(complete).toEqual(dates);
      },
    ),
    { numRuns: 300 },
  );
});
