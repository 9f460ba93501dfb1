/**
 * The names of packages.
 *
 *   2013-10-27-UniversityA-tracking.tar       tracking: date first
 *   universitya-2013-10-27.zip                database: organization first, mostly lower-cased
 *   email-opt-in-universitya-2017-11-12.zip   email-opt-in: the CSV that left the main zip in 2017
 *
 * In goes a path, out come kind, organization (as written) and package date. A name is a hint
 * only: a package that somebody renamed is still read, and its date then comes from its members.
 * Browsers save a second copy as `name (1).zip`; that is the same package.
 */
import { keep, type Outcome, reject } from '#shared/outcome';
import { isCalendarDate } from '#shared/packages/calendar-date';

export interface PackageName {
  readonly kind: 'tracking' | 'database' | 'email-opt-in';
  readonly organization: string;
  readonly packageDate: string;
}

const COPY = / ?\(\d+\)(?=\.[a-z]+$)/i;
const TRACKING = /^(?<date>\d{4}-\d{2}-\d{2})[-_](?<organization>.+)[-_]tracking\.tar$/i;
const EMAIL_OPT_IN = /^email-opt-in-(?<organization>.+)-(?<date>\d{4}-\d{2}-\d{2})\.zip$/i;
const DATABASE = /^(?<organization>.+)-(?<date>\d{4}-\d{2}-\d{2})\.zip$/i;

const FORMS = [
  ['tracking', TRACKING],
  ['email-opt-in', EMAIL_OPT_IN],
  ['database', DATABASE],
] as const;

export function parsePackageName(path: string): Outcome<PackageName, 'name-unknown'> {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(COPY, '');
  for (const [kind, form] of FORMS) {
    const groups = form.exec(name)?.groups;
    if (!groups) continue;
    const { organization = '', date: packageDate = '' } = groups;
    if (!isCalendarDate(packageDate)) {
      return reject('name-unknown', `${packageDate} in ${name} is not a day of the calendar.`);
    }
    return keep({ kind, organization, packageDate });
  }
  return reject(
    'name-unknown',
    `${name} is neither {date}-{organization}-tracking.tar nor {organization}-{date}.zip.`,
  );
}

/** The name edX would give this package. */
export function formatPackageName({ kind, organization, packageDate }: PackageName): string {
  switch (kind) {
    case 'tracking':
      return `${packageDate}-${organization}-tracking.tar`;
    case 'database':
      return `${organization}-${packageDate}.zip`;
    case 'email-opt-in':
      return `email-opt-in-${organization}-${packageDate}.zip`;
    default:
      return kind satisfies never;
  }
}
