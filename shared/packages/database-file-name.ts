/**
 * The names of database files.
 *
 *   UniversityA-2013-10-27/UniversityA-Physics101-2013-auth_user-prod-analytics.sql.gpg
 *                          └──────── course part ────┘ └─table─┘ └site┘
 *   …-prod-edge.mongo.gpg             forum posts have no table token
 *   …-auth_user-prod-analytics.sql.failed.gpg   a traceback stands where the table should be
 *   …-auth_us-0cc175b9c0f1b6a831c399e269772661.sql.gpg   a name too long for edX's file system
 *
 * Names are read from the right, because course parts hold any number of dashes, dots and
 * underscores. What surprises: the course part is no course id (`/` and `+` became `-`); only the
 * files' own `course_id` columns tell that. And a suffix that is not known is tolerated where it is
 * one word of small letters after a known table (`-auth_user-acceptance`): it is then the site.
 */
import { createHash } from 'node:crypto';
import { keep, type Outcome, reject } from '#shared/outcome';
import { TABLE_ALIASES, TABLE_TOKENS } from '#shared/packages/database-tables';
import { normaliseSite } from '#shared/packages/site';

export interface DatabaseFileName {
  /** What stands before the table: mostly organization, course and run, joined by dashes. */
  readonly coursePart: string;
  /** As in database-tables.ts, `credentials`, or '' where the name was cut before its end. */
  readonly table: string;
  /** `prod`, `edge`, another word as written, or '' where the name was cut and does not tell. */
  readonly site: string;
  readonly extension: DatabaseExtension;
  /** True where edX's export failed: the message holds a Python traceback, no rows. */
  readonly isFailed: boolean;
  /** True where edX shortened the name; the course part may then lack its end. */
  readonly isCut: boolean;
}

const EXTENSIONS = ['xml.tar.gz', 'mongo', 'json', 'sql', 'csv', 'xml', '7z'] as const;
export type DatabaseExtension = (typeof EXTENSIONS)[number];

const TOKENS = TABLE_TOKENS.join('|');
const SITES = 'prod-edge|prod|edge|edx';
// What follows the token is anchored to the end of the name, so `course` never matches a part of
// `course_structure`, in whatever order the tokens stand here.
const TABLE_NAME = new RegExp(
  `^(?<course>.+)(?<separator>[-_])(?<table>${TOKENS})(?:-(?<site>${SITES}|(?!analytics)[a-z]+))?(?:-analytics)?$`,
);
const FORUM_NAME = new RegExp(`^(?<course>.+?)(?:-(?<site>${SITES}|acceptance))?(?:-analytics)?$`);
const CUT = /^(?<rest>.+)-(?<hash>[0-9a-f]{32})$/;
/** After a known table, whatever is left of `-prod-edge-analytics` and the like. */
const CUT_NAME = new RegExp(
  `^(?<course>.+)[-_](?<table>${TOKENS})(?<tail>-(?:(?:${SITES})(?:-[a-z]*)?|[a-z]*))?$`,
);

/** edX's shortener hashes the constant end of the name, which tells the site and nothing else. */
const SITE_OF_HASH: ReadonlyMap<string, string> = new Map(
  ['prod', 'prod-edge', 'edge', 'edx'].flatMap((site) =>
    [site, `${site}-analytics`].map((end) => [
      createHash('md5').update(end).digest('hex'),
      normaliseSite(site),
    ]),
  ),
);

export function parseDatabaseFileName(path: string): Outcome<DatabaseFileName, 'name-unknown'> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name.startsWith('.')) return unknown(path, 'it is a hidden file');
  const plain = name.replace(/\.gpg$/i, '');
  const isFailed = plain.endsWith('.failed');
  const whole = isFailed ? plain.slice(0, -'.failed'.length) : plain;
  const extension = EXTENSIONS.find((ending) => whole.endsWith(`.${ending}`));
  if (extension === undefined) {
    return unknown(path, `it ends in none of .${EXTENSIONS.join(', .')}`);
  }
  const stem = whole.slice(0, -(extension.length + 1));
  const ending = { extension, isFailed };
  if (stem === 'credentials' && extension === 'csv') {
    return keep({ coursePart: '', table: 'credentials', site: 'prod', ...ending, isCut: false });
  }

  const { rest, hash = '' } = CUT.exec(stem)?.groups ?? {};
  if (rest !== undefined) {
    const site = SITE_OF_HASH.get(hash);
    return keep({ ...readCut(rest, extension, site), ...ending, isCut: true });
  }
  if (extension === 'mongo') {
    const { course = '', site = '' } = FORUM_NAME.exec(stem)?.groups ?? {};
    if (course === '') return unknown(path, 'nothing stands before its ending');
    return keep({
      coursePart: course,
      table: 'forum_post',
      site: normaliseSite(site),
      ...ending,
      isCut: false,
    });
  }
  const groups = TABLE_NAME.exec(stem)?.groups;
  if (groups) {
    const { course = '', separator = '', table = '', site = '' } = groups;
    // An underscore before the table is a slip that edX's guide prints once, after a whole course
    // part; without a dash before it, as in load_auth_user.sql, it is the name of something else.
    if (separator === '-' || course.includes('-')) {
      return keep({
        coursePart: course,
        table: tableOf(table, extension),
        site: normaliseSite(site),
        ...ending,
        isCut: false,
      });
    }
  }
  // The archive of a course's own pages is also delivered under the bare course name.
  if (extension === 'xml.tar.gz' && stem.includes('-')) {
    return keep({ coursePart: stem, table: 'course', site: 'prod', ...ending, isCut: false });
  }
  return unknown(path, 'it names no type of table that edX is known to deliver');
}

/** The name edX would give this file, with `-analytics`; not for names that were cut. */
export function formatDatabaseFileName(file: Omit<DatabaseFileName, 'isCut'>): string {
  const site = file.site === 'edge' ? 'prod-edge' : file.site;
  const failed = file.isFailed ? '.failed' : '';
  if (file.table === 'forum_post') return `${file.coursePart}-${site}.mongo${failed}.gpg`;
  if (file.table === 'credentials') return `credentials.csv${failed}.gpg`;
  return `${file.coursePart}-${file.table}-${site}-analytics.${file.extension}${failed}.gpg`;
}

function tableOf(token: string, extension: DatabaseExtension): string {
  // A JSON file of a course is its structure; some deliveries leave the second word out.
  if (token === 'course' && extension === 'json') return 'course_structure';
  return TABLE_ALIASES[token] ?? token;
}

function readCut(
  rest: string,
  extension: DatabaseExtension,
  hashedSite: string | undefined,
): Pick<DatabaseFileName, 'coursePart' | 'table' | 'site'> {
  if (extension === 'mongo') {
    return { coursePart: rest, table: 'forum_post', site: hashedSite ?? '' };
  }
  const groups = CUT_NAME.exec(rest)?.groups;
  const { course = '', table = '', tail = '' } = groups ?? {};
  // Cut right behind a token, the name may have gone on: wiki_article or wiki_articlerevision.
  const isAmbiguous =
    tail === '' && TABLE_TOKENS.some((token) => token !== table && token.startsWith(table));
  if (course === '' || isAmbiguous) return { coursePart: rest, table: '', site: hashedSite ?? '' };
  const isWholeTail = tail.endsWith('-analytics');
  const written = isWholeTail ? normaliseSite(tail.slice(1, -'-analytics'.length)) : '';
  return { coursePart: course, table: tableOf(table, extension), site: hashedSite ?? written };
}

function unknown(path: string, why: string): Outcome<never, 'name-unknown'> {
  return reject('name-unknown', `${path} is not the name of a database file: ${why}.`);
}
