/** Says everything that is wrong with a profile at once, before anything is written. */
import { EdxstreamError } from '#shared/errors';
import type { Profile } from './profile.js';

/** Throws SETTINGS, naming each field that needs attention, its value, and what it may be. */
export function checkProfile(profile: Profile): void {
  const faults: string[] = [];
  const expectThat = (isFine: boolean, field: keyof Profile, claim: string) => {
    if (!isFine) faults.push(`${field}: ${claim}, got ${JSON.stringify(profile[field])}`);
  };
  const wholeFrom = (field: keyof Profile, least: number, most: number) => {
    const value = profile[field];
    const isFine = Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
    expectThat(isFine, field, `a whole number from ${least} to ${most}`);
  };
  // The organization stands in names of files, in course ids and in URLs.
  expectThat(
    /^[A-Za-z0-9_]{1,40}$/.test(profile.organization),
    'organization',
    'up to 40 letters, digits and underscores',
  );
  expectThat(profile.sites.length > 0, 'sites', 'at least one of prod and edge');
  expectThat(
    new Set(profile.sites).size === profile.sites.length,
    'sites',
    'each site at most once',
  );
  const hasBoth = profile.sites.length === 2;
  wholeFrom('servers', hasBoth ? 2 : 1, 200);
  wholeFrom('days', 1, 3650);
  wholeFrom('weeks', 1, 520);
  wholeFrom('packageIntervalDays', 1, 365);
  wholeFrom('courses', 1, 200);
  wholeFrom('learners', 10, 5_000_000);
  wholeFrom('eventsPerDay', 10, 100_000_000);
  wholeFrom('compressionLevel', 0, 9);
  expectThat(
    profile.oddShare >= 0 && profile.oddShare <= 0.5,
    'oddShare',
    'a number from 0 to 0.5',
  );
  expectThat(
    /^\d{4}-\d{2}-\d{2}$/.test(profile.firstDay) && isDate(profile.firstDay),
    'firstDay',
    'a date such as 2013-10-14, from 2012-01-02 on',
  );
  const spanDays = (profile.weeks - 1) * profile.packageIntervalDays + 1;
  expectThat(
    spanDays <= profile.days,
    'days',
    `at least ${spanDays}, so that ${profile.weeks} packages fit`,
  );
  if (faults.length > 0) {
    throw new EdxstreamError('SETTINGS', `The profile does not fit: ${faults.join('; ')}.`);
  }
}

function isDate(text: string): boolean {
  const timeMs = Date.parse(`${text}T00:00:00Z`);
  return (
    timeMs >= Date.UTC(2012, 0, 2) &&
    timeMs < Date.UTC(2200, 0, 1) &&
    new Date(timeMs).toISOString().startsWith(text)
  );
}
