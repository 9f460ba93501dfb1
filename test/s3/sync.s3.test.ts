/** `edxstream sync` against a store with all layouts that edX has had, week after week. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generatePackages } from '../../services/generate/generate-packages.js';
import { PROFILES } from '../../services/generate/profile.js';
import { checksums } from '../support/checksums.js';
import { edxstream, rowsOf, start } from '../support/edxstream.js';
import { GpgPackages } from '../support/gpg-packages.js';
import { logLines, logPath } from '../support/log-lines.js';
import { storeBench } from '../support/store-bench.js';
import { untilSaid } from '../support/two-weeks.js';

const COURSES = 'course-data';
const EVENTS = 'edx-course-data';
const bench = storeBench();
let packages: GpgPackages;

beforeAll(async () => {
  packages = await GpgPackages.open();
  await bench().makeBucket(COURSES);
  await bench().makeBucket(EVENTS);
});

afterAll(() => packages?.[Symbol.asyncDispose]());

function putFile(file: string): Promise<string> {
  return bench().putFile(COURSES, path.basename(file), file);
}

async function putDaily(organization: string, site: string, day: string, lines: string) {
  const key = `${organization}/${site}/events/${day.slice(0, 4)}/${organization}-${site}-events-${day}.log.gz.gpg`;
  await bench().put(EVENTS, key, await packages.encrypt(gzipSync(lines)));
}

function sync(organization: string, data: string, more: readonly string[] = []) {
  const keys = ['--key', packages.keyFile];
  return bench().run(['sync', '--org', organization, '--data', data, ...keys, ...more]);
}

test('eight weeks, each followed when it came, give what one load of the last week gives', async () => {
  const generated = await generatePackages(bench().place(), {
    ...PROFILES.test,
    ...{ organization: 'EightX', days: 56, weeks: 8, eventsPerDay: 300 },
  });
  const keys = ['--key', generated.keys.czarSecret, '--passphrase-file', generated.keys.passphrase];
  const [data, straight] = [bench().place(), bench().place()];
  for (const { tarPath, zipPath } of generated.packages) {
    await putFile(tarPath);
    await putFile(zipPath);
    const run = await bench().run(['sync', '--org', 'EightX', '--data', data, ...keys]);
    expect(run.status, run.stderr).toBe(1); // files that edX itself failed to export
  }
  const last = generated.packages.at(-1);
  await edxstream(['load', last?.tarPath ?? '', last?.zipPath ?? '', ...keys, '--data', straight]);
  // The warehouse that followed has the snapshots of all weeks, and of a table that edX failed to export
  // in the last week that of the week before; what else shows is the latest.
  const shown = async (of: string) =>
    (await checksums(of)).filter(
      (line) => !/^(\w+_snapshots|(latest_)?database_files|rejected_rows)\t/.test(line),
    );
  expect(await shown(data)).toEqual(await shown(straight));

  bench().proxy.reset();
  await bench().run(['sync', '--org', 'EightX', '--data', data, ...keys]);
  const asked = bench().proxy.requests.filter(({ path: asked }) => !asked.includes('list-type=2'));
  expect(asked.map(({ path: asked }) => asked).filter((one) => one.endsWith('.tar'))).toEqual([]);
}, 400_000);

test('all layouts are found, told with what is missing, and loaded', async () => {
  const tar = await packages.tar('2014-09-07-LayoutX-tracking.tar', {
    [logPath('003', '2014-09-01', 'LayoutX')]: logLines(1, 3),
  });
  const older = await packages.tar('2014-08-31-LayoutX-tracking.tar', {
    [logPath('003', '2014-08-30', 'LayoutX')]: logLines(900, 901),
  });
  const optIn =
    'user_id,username,email,full_name,course_id,is_opted_in_for_email,preference_set_datetime\n1,a,a@b.c,A,X/Y/Z,True,2017-01-31 12:00:00+00:00\n';
  const zip = await packages.zip('opt-in.zip', {
    'layoutx-email_opt_in-prod-analytics.csv': optIn,
  });
  await putFile(tar);
  await putFile(older);
  await bench().putFile(COURSES, 'email-opt-in/email-opt-in-layoutx-2017-11-12.zip', zip);
  await bench().putFile(COURSES, '2014-09-07-OtherX-tracking.tar', tar);
  await putDaily('layoutx', 'prod', '2014-09-02', logLines(4, 6));
  await putDaily('layoutx', 'prod', '2014-09-04', logLines(7, 9));
  await putDaily('layoutx', 'edge', '2014-09-02', logLines(10, 11));
  await putDaily('layoutx', 'patches', '2014-09-02', logLines(12, 12));
  const secret = await packages.encrypt('a@b.c,AKIA,secret\n');
  await bench().put(EVENTS, 'layoutx/credentials.csv.gpg', secret);
  await bench().put(EVENTS, 'layoutx/rdx/r1/layoutx_C_R.tar.gz.gpg', secret);

  const data = bench().place();
  const plan = await sync('LayoutX', data, ['--dry-run']);
  expect(plan.status, plan.stderr).toBe(0);
  expect(plan.stdout).toContain('no daily log file of prod for 2014-09-03');
  expect(plan.stdout).toMatch(/tracking tars +2 +2014-08-31 +2014-09-07 +1 /);
  expect(plan.stdout).toMatch(/daily log files, edge +1 /);
  expect(plan.stdout).toContain('access keys');
  expect(plan.stdout).toContain('research data exchange');
  expect(plan.stdout).not.toContain('OtherX');

  const run = await sync('LayoutX', data);
  expect(run.status, run.said).toBe(0);
  const rows = await rowsOf(
    data,
    'SELECT site, server, toString(log_date) AS day, count() AS events FROM events GROUP BY ALL ORDER BY ALL',
  );
  expect(rows.map((row) => Object.values(row).join(' '))).toEqual([
    'edge  2014-09-02 2',
    'patches  2014-09-02 1',
    'prod  2014-09-02 3',
    'prod  2014-09-04 3',
    'prod prod-edxapp-003 2014-09-01 3',
  ]);
  expect(
    await rowsOf(data, 'SELECT username, is_opted_in_for_email AS agreed FROM email_opt_in'),
  ).toEqual([{ username: 'a', agreed: 1 }]);

  bench().proxy.reset();
  const again = await sync('LayoutX', data);
  expect(again.stdout).toContain('0 new');
  expect(bench().proxy.requests.length).toBeLessThanOrEqual(5);
  expect(bench().proxy.bytesOut).toBeLessThanOrEqual(64 * 1024);

  const since = bench().place();
  expect((await sync('LayoutX', since, ['--since', '2014-09-04'])).status).toBe(0);
  const days = await rowsOf(
    since,
    'SELECT DISTINCT toString(log_date) AS day FROM events ORDER BY day',
  );
  expect(days.map(({ day }) => day)).toEqual(['2014-09-01', '2014-09-04']);
});

test('what may not be listed is told, and the rest is followed; nothing at all is an error', async () => {
  const denied = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;
  await putDaily('deniedx', 'prod', '2016-01-01', logLines(1, 3));
  bench().proxy.reset(({ path: asked }) => (asked.startsWith(`/${COURSES}`) ? denied : undefined));
  const run = await sync('DeniedX', bench().place());
  expect(run.status, run.stderr).toBe(0);
  expect(run.stdout).toContain(`s3://${COURSES}/20: It may not be listed`);
  expect(run.stdout).toMatch(/Log files +1 new/);
  bench().proxy.reset(() => denied);
  const refused = await sync('DeniedX', bench().place());
  expect(refused.status).toBe(3);
  expect(refused.stderr).toContain('S3_ACCESS_DENIED');
  bench().proxy.reset();
});

test('an organization of which nothing is there is told, and credentials alone are explained', async () => {
  const run = await sync('NobodyX', bench().place());
  expect(run.status).toBe(2);
  expect(run.stderr).toContain('S3_NOT_FOUND: Nothing was delivered for NobodyX');
  const explained = await bench().run([
    ...['load', `s3://${EVENTS}/layoutx/credentials.csv.gpg`],
    ...['--key', packages.keyFile, '--data', bench().place()],
  ]);
  expect(explained.status, explained.stderr).toBe(0);
  expect(explained.stdout).toContain('access keys');
});

test('a watch leaves the data directory free between rounds, and loads what comes', async () => {
  await putDaily('watchx', 'prod', '2016-01-01', logLines(1, 3));
  const data = bench().place();
  const environment = bench().environment();
  const following = start(
    ['sync', '--org', 'WatchX', '--key', packages.keyFile, '--data', data, '--watch', '1s'],
    { environment },
  );
  const learners = () => rowsOf<{ n: string }>(data, 'SELECT uniqExact(username) AS n FROM events');
  try {
    await untilSaid(following, 'Looking again');
    expect(await learners()).toEqual([{ n: '3' }]);
    await untilSaid(following, 'Nothing has changed');
    await putDaily('watchx', 'prod', '2016-01-02', logLines(4, 6));
    await untilSaid(following, '1 unchanged');
  } finally {
    following.child.kill('SIGINT');
  }
  expect((await following.ended).status).toBe(130);
  expect(await learners()).toEqual([{ n: '6' }]);
});

test('the members of a damaged newest tar that are cut off come from the one before', async () => {
  const [first, second] = [
    logPath('003', '2014-02-01', 'CutX'),
    logPath('004', '2014-02-01', 'CutX'),
  ];
  const whole = await packages.tar('2014-02-02-CutX-tracking.tar', {
    [first]: logLines(1, 3),
    [second]: logLines(4, 200),
  });
  const bytes = await readFile(whole);
  await bench().put(COURSES, '2014-02-02-CutX-tracking.tar', bytes);
  const cut = bytes.subarray(0, bytes.indexOf(`${second}.gpg`) + 600);
  await bench().put(COURSES, '2014-02-09-CutX-tracking.tar', cut);
  const data = bench().place();
  const run = await sync('CutX', data);
  expect(run.status).toBe(1);
  expect(run.stdout).toContain('2014-02-09-CutX-tracking.tar');
  expect(await rowsOf(data, 'SELECT uniqExact(username) AS n FROM events')).toEqual([{ n: '200' }]);
});
