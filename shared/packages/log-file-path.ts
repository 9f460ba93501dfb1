/**
 * The path of a log file inside its package, and what it says: organization, site, server, day.
 *
 *   prod-edxapp-003/2013-10-22_UniversityA.log.gpg                      as the guide prints it
 *   HarvardX/prod-edge-edxapp-001/2013-10-22_HarvardX.log.gpg           as it was delivered
 *   processed/BerkeleyX/prod-edx-002/2012-09-24_BerkeleyX.log.gz.gpg    an older host name
 *   mitx-edx-events-2014-10-14.log.gz.gpg                               a daily file: no server
 *
 * What surprises: a directory that is not understood counts as a server, not as nothing. Two
 * servers taken for one would overwrite each other's lines, because (organization, site, server,
 * day, line number) is the identity of a line; one server too many costs nothing. Only directories
 * that are plainly something else (the organization, the package, a year, a site) are passed over.
 */
import { keep, type Outcome, reject } from '#shared/outcome';
import { isCalendarDate } from '#shared/packages/calendar-date';
import { normaliseSite } from '#shared/packages/site';

export interface LogFilePath {
  /** As the file name writes it: `HarvardX` in a tar, `harvardx` in a daily file. */
  readonly organization: string;
  readonly site: string;
  /** The directory of the application server, or '' where the layout has none. */
  readonly server: string;
  readonly logDate: string;
  /** True where the plaintext of the message is a gzip stream. */
  readonly isGzip: boolean;
}

const ENDING = /\.log(?:\.gz)?(?:\.gpg)?$/i;
const DATE_FIRST = /^(?<date>\d{4}-\d{2}-\d{2})(?:[_-](?<organization>.+))?$/;
// The word `events` cannot be a site: `{org}_{course}_{run}-events-{date}` is a research exchange
// file of one course with obfuscated learners, which must not be mixed with an organization's log.
const DAILY =
  /^(?<organization>.+?)-(?<site>prod-edge|(?!events-)[A-Za-z]+)(?:-events)?-(?<date>\d{4}-\d{2}-\d{2})$/;

const SERVER = /^(?:prod|edge|stage)[-_].|^edxapp./i;
const EDGE_SERVER = /^(?:prod[-_])?edge/i;
const SITE_DIRECTORY = /^(?:prod|edge|edx|prod-edge)$/i;
const PACKAGE_DIRECTORY = /^\d{4}-\d{2}-\d{2}[-_].+|[-_]\d{4}-\d{2}-\d{2}$/;
const CONTAINER_DIRECTORY = /^(?:processed|tracking|tracking[-_]?logs?|logs?|events|\d{4})$/i;

export function parseLogFilePath(
  path: string,
  fallback: { readonly organization?: string | undefined } = {},
): Outcome<LogFilePath, 'name-unknown'> {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const name = parts.pop() ?? '';
  const ending = ENDING.exec(name);
  // A name that starts with a dot is a leaving of a desktop system (`._x`), never a delivery.
  if (!ending || name.startsWith('.')) return unknown(path, 'it does not end in .log.gpg');
  const stem = name.slice(0, ending.index);
  const isGzip = /\.gz/i.test(ending[0]);

  const dateFirst = DATE_FIRST.exec(stem)?.groups;
  if (dateFirst) {
    const { date: logDate = '', organization: written } = dateFirst;
    if (!isCalendarDate(logDate)) return unknown(path, `${logDate} is not a day of the calendar`);
    const server = serverOf(parts, written ?? fallback.organization ?? '');
    const organization = written ?? organizationAbove(parts, server) ?? fallback.organization;
    if (!organization) return unknown(path, 'it names no organization');
    return keep({ organization, site: siteOf(parts, server), server, logDate, isGzip });
  }

  const daily = DAILY.exec(stem)?.groups;
  if (!daily) {
    return unknown(
      path,
      'it is neither {date}_{organization} nor {organization}-{site}-events-{date}',
    );
  }
  const { organization = '', site = '', date: logDate = '' } = daily;
  if (!isCalendarDate(logDate)) return unknown(path, `${logDate} is not a day of the calendar`);
  return keep({ organization, site: normaliseSite(site), server: '', logDate, isGzip });
}

/** True for a directory name that can only be an application server. */
export function isServerDirectory(name: string): boolean {
  return SERVER.test(name) && !SITE_DIRECTORY.test(name);
}

/** A path that edX would give this log file; daily form where there is no server. */
export function formatLogFilePath(file: LogFilePath): string {
  const ending = `.log${file.isGzip ? '.gz' : ''}.gpg`;
  return file.server === ''
    ? `${file.organization}-${file.site}-events-${file.logDate}${ending}`
    : `${file.server}/${file.logDate}_${file.organization}${ending}`;
}

function serverOf(directories: readonly string[], organization: string): string {
  const certain = directories.findLast(isServerDirectory);
  if (certain !== undefined) return certain;
  const parent = directories.at(-1);
  if (parent === undefined || isOtherThanServer(parent, organization)) return '';
  return parent;
}

function isOtherThanServer(directory: string, organization: string): boolean {
  const name = directory.toLowerCase();
  const owner = organization.toLowerCase();
  // Deliveries spell one organization in several ways: Harvard/ holds files of HarvardX. Letters
  // only, because a server's name carries a number or a random suffix.
  const isSpelling = /^[a-z]{3,}$/.test(name) && owner !== '';
  const isOwner =
    name === owner || (isSpelling && (owner.startsWith(name) || name.startsWith(owner)));
  return (
    isOwner ||
    SITE_DIRECTORY.test(directory) ||
    PACKAGE_DIRECTORY.test(directory) ||
    CONTAINER_DIRECTORY.test(directory)
  );
}

function siteOf(directories: readonly string[], server: string): string {
  if (server !== '') return EDGE_SERVER.test(server) ? 'edge' : 'prod';
  return normaliseSite(directories.findLast((name) => SITE_DIRECTORY.test(name)) ?? '');
}

function organizationAbove(directories: readonly string[], server: string): string | undefined {
  const above = server === '' ? -1 : directories.lastIndexOf(server);
  const name = above === -1 ? directories.at(-1) : directories[above - 1];
  if (name === undefined || isServerDirectory(name) || isOtherThanServer(name, '')) {
    return undefined;
  }
  return name;
}

function unknown(path: string, why: string): Outcome<never, 'name-unknown'> {
  return reject('name-unknown', `${path} is not the name of a log file: ${why}.`);
}
