/**
 * What edX has delivered for an organization, by all the layouts it has had:
 *
 *   course-data        2013-10-27-UniversityA-tracking.tar                     2013-14, cumulative
 *                      universitya-2013-10-27.zip                              weekly
 *                      email-opt-in/email-opt-in-universitya-2017-11-12.zip    since November 2017
 *   edx-course-data    universitya/prod/events/2014/universitya-prod-events-2014-10-14.log.gz.gpg
 *
 * Names of tars begin with the date, so all that begin with `20` are listed; the rest begins with the
 * organization. Organizations are compared without case: edX wrote one in several ways over the years.
 * What lies among these and is none of them is told, with the reason, and not read. Credentials may cover one
 * bucket or beginning of keys and not another: what may not be listed is told too, and the rest goes on.
 */
import { EdxstreamError } from '#shared/errors';
import { listObjects } from '#shared/objectstore/find-objects';
import {
  formatObjectAddress,
  type StoredObject,
  type StoreSettings,
} from '#shared/objectstore/stored-object';
import { parseLogFilePath } from '#shared/packages/log-file-path';
import { parsePackageName } from '#shared/packages/package-name';

export interface Delivery {
  readonly kind: 'tracking' | 'database' | 'email-opt-in' | 'daily';
  readonly object: StoredObject;
  /** YYYY-MM-DD: of the package, or the log date of a daily file. */
  readonly date: string;
  /** Of a daily file: prod, edge or another; '' for packages, which hold several. */
  readonly site: string;
}

export interface PassedOver {
  readonly path: string;
  readonly reason: string;
}

export interface Deliveries {
  /** By date, then kind and key. */
  readonly deliveries: readonly Delivery[];
  readonly passedOver: readonly PassedOver[];
}

export interface FindDeliveriesOptions {
  readonly store: StoreSettings;
  /** The bucket of tars and zips, and that of daily log files. */
  readonly courseBucket: string;
  readonly eventsBucket: string;
  /** Only what is dated then or later. */
  readonly since?: string | undefined;
  readonly signal?: AbortSignal;
}

const OPT_IN_FOLDER = 'email-opt-in/';

export async function findDeliveries(
  organization: string,
  options: FindDeliveriesOptions,
): Promise<Deliveries> {
  const { courseBucket, eventsBucket, since = '' } = options;
  const owner = organization.toLowerCase();
  const deliveries: Delivery[] = [];
  const passedOver: PassedOver[] = [];
  const take = (delivery: Delivery): void => {
    if (delivery.date >= since) deliveries.push(delivery);
  };
  const takePackage = (object: StoredObject, kind: Delivery['kind']): void => {
    const name = parsePackageName(object.key);
    if (name.kind !== 'keep' || (name.value.kind === 'tracking') !== (kind === 'tracking')) return;
    const { organization: written, packageDate: date } = name.value;
    if (written.toLowerCase() === owner) take({ kind, object, date, site: '' });
  };
  const takeDaily = (object: StoredObject): void => {
    const file = parseLogFilePath(object.key);
    const isOwn = file.kind === 'keep' && file.value.organization.toLowerCase() === owner;
    if (isOwn && file.value.server === '') {
      take({ kind: 'daily', object, date: file.value.logDate, site: file.value.site });
    } else {
      passedOver.push({ path: formatObjectAddress(object), reason: whyPassedOver(object.key) });
    }
  };
  const listings: readonly Listing[] = [
    // Keys of tars begin with the date: what is older need not even be listed.
    {
      bucket: courseBucket,
      prefix: '20',
      after: since,
      take: (one) => takePackage(one, 'tracking'),
    },
    ...[...new Set([`${organization}-`, `${owner}-`])].map((prefix) => ({
      ...{ bucket: courseBucket, prefix },
      take: (one: StoredObject) => takePackage(one, 'database'),
    })),
    {
      ...{ bucket: courseBucket, prefix: OPT_IN_FOLDER },
      take: (one) => takePackage(one, 'email-opt-in'),
    },
    { bucket: eventsBucket, prefix: `${owner}/`, take: takeDaily },
  ];
  const refusals: EdxstreamError[] = [];
  for (const listing of listings) {
    try {
      await readListing(listing, options);
    } catch (error) {
      if (!(error instanceof EdxstreamError) || !REFUSALS.has(error.code)) throw error;
      refusals.push(error);
      const path = `s3://${listing.bucket}/${listing.prefix}`;
      passedOver.push({ path, reason: `It may not be listed: ${error.message}` });
    }
  }
  const [refusal] = refusals;
  if (refusal !== undefined && refusals.length === listings.length) throw refusal;
  deliveries.sort(byDate);
  return { deliveries, passedOver };
}

interface Listing {
  readonly bucket: string;
  readonly prefix: string;
  readonly after?: string;
  readonly take: (object: StoredObject) => void;
}

/** What one listing may meet while the others are allowed. */
const REFUSALS: ReadonlySet<string> = new Set(['S3_ACCESS_DENIED', 'S3_NOT_FOUND']);

async function readListing(
  { bucket, prefix, after = '', take }: Listing,
  { store, signal }: FindDeliveriesOptions,
): Promise<void> {
  const range = { bucket, prefix, ...(after !== '' && { after }) };
  for await (const object of listObjects(store, range, signal)) take(object);
}

function whyPassedOver(key: string): string {
  if (key.includes('/rdx/')) {
    return 'It is a research data exchange: learners in it have other names and numbers, so it is not mixed with the rest. Load it into a data directory of its own if you need it.';
  }
  if (/(?:^|\/)credentials\.csv\.gpg$/i.test(key)) {
    return 'It holds the access keys that edX made for you, and no records. `gpg -d` shows them; write them to a profile with `aws configure`.';
  }
  return 'Its name is none that edX is known to give to log files.';
}

function byDate(a: Delivery, b: Delivery): number {
  const [first, second] = [a, b].map(({ date, kind, object }) =>
    [date, kind, object.key].join(' '),
  );
  return (first ?? '') < (second ?? '') ? -1 : 1;
}
