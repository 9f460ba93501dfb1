import { expect, test } from 'vitest';
import { addDays, daysBetween, isCalendarDate } from '#shared/packages/calendar-date';

test('only days that exist are calendar dates', () => {
  expect(['2012-02-29', '2013-10-22', '1970-01-01'].every(isCalendarDate)).toBe(true);
  const none = ['2013-02-29', '2013-00-10', '2013-04-31', '2013-4-1', '20130401', '', '1969-12-31'];
  expect(none.filter(isCalendarDate)).toEqual([]);
});

test('days are counted over the ends of months and years', () => {
  expect(addDays('2013-12-31', 1)).toBe('2014-01-01');
  expect(addDays('2012-03-01', -1)).toBe('2012-02-29');
  expect(daysBetween({ first: '2013-10-27', last: '2013-11-03' })).toBe(7);
  expect(daysBetween({ first: '2013-10-27', last: '2013-10-26' })).toBe(-1);
});
