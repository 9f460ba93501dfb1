/**
 * The autumn of 2014: the same lines in cumulative tars and in daily log files, under dates that mean
 * different things. What is left is told by a naive reader of the two texts, for every order of loading.
 */
import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { checksums } from '../support/checksums.js';
import { type Run, rowsOf, summaryOf } from '../support/edxstream.js';
import { packedBench, test } from '../support/packed-bench.js';

const bench = packedBench('tars-and-daily-files.test.ts');
const DAYS = ['2014-09-01', '2014-09-02', '2014-09-03', '2014-09-04', '2014-09-05'];
const SERVERS = ['prod-edxapp-003', 'prod-edxapp-004', 'prod-edge-edxapp-001'];

type Texts = Readonly<Record<string, readonly string[]>>;

/** An event, or a line that is none; of few kinds, so that many are the same. */
function aLine(number: number): string {
  if (number % 7 === 0) return `no event ${number}`;
  const time = `2014-09-0${(number % 5) + 1}T10:00:00.${String(number).padStart(6, '0')}+00:00`;
  return JSON.stringify({ username: `u${number}`, event_type: 'seek', time, context: {} });
}

function lines(seed: number, kinds: number): (count: number) => string[] {
  let state = seed;
  const next = (): number => {
    state = (state * 48_271) % 2_147_483_647;
    return 1 + (state % kinds);
  };
  return (count) => Array.from({ length: count }, () => aLine(next()));
}

/** Log files of a tar, `server/day`; and daily files, `site/day`. */
function texts(seed: number): { readonly tar: Texts; readonly daily: Texts } {
  const some = lines(seed, 40);
  const tar: Record<string, string[]> = {};
  const daily: Record<string, string[]> = {};
  for (const day of DAYS) {
    for (const server of SERVERS) if (day !== '2014-09-04') tar[`${server}/${day}`] = some(6);
    daily[`prod/${day}`] = some(10);
    daily[`edge/${day}`] = some(3);
  }
  return { tar, daily };
}

function around(day: string, from: number, to: number): string[] {
  const at = DAYS.indexOf(day);
  return DAYS.filter((_, index) => index >= at + from && index <= at + to);
}

/** Lines of each daily file that are left, told from the texts alone. */
function leftOf(tar: Texts, daily: Texts): Record<string, string[]> {
  const left: Record<string, string[]> = {};
  for (const [name, own] of Object.entries(daily)) {
    const [site, day = ''] = name.split('/');
    const room = new Map<string, number>();
    const claim = (text: string, count: number) => room.set(text, (room.get(text) ?? 0) + count);
    for (const [member, text] of Object.entries(tar)) {
      const [server, date = ''] = member.split('/');
      const isOfSite = server?.startsWith('prod-edge') === (site === 'edge');
      if (isOfSite && around(day, -1, 1).includes(date)) for (const line of text) claim(line, 1);
    }
    for (const date of around(day, -2, -1)) {
      for (const line of daily[`${site}/${date}`] ?? []) claim(line, -1);
    }
    left[name] = own.filter((line) => {
      const isTaken = (room.get(line) ?? 0) > 0;
      if (isTaken) claim(line, -1);
      return !isTaken;
    });
  }
  return left;
}

async function pack(name: string, tar: Texts): Promise<string> {
  const members = Object.entries(tar).map(([member, text]) => {
    const [server, day] = member.split('/');
    return [`${server}/${day}_UniversityA.log`, `${text.join('\n')}\n`] as const;
  });
  return bench().packages.tar(name, Object.fromEntries(members));
}

async function packDaily(daily: Texts): Promise<string[]> {
  const paths: string[] = [];
  for (const [name, text] of Object.entries(daily)) {
    const [site, day] = name.split('/');
    const target = bench().packages.place(`universitya-${site}-events-${day}.log.gz.gpg`);
    const gzip = gzipSync(`${text.join('\n')}\n`);
    await writeFile(target, await bench().packages.encrypt(gzip));
    paths.push(target);
  }
  return paths;
}

async function leftIn(data: string): Promise<Record<string, string[]>> {
  const rows = await rowsOf<{ site: string; day: string; raw: string }>(
    data,
    `SELECT * FROM (
       SELECT site, toString(log_date) AS day, line, raw FROM events WHERE server = ''
       UNION ALL SELECT site, toString(log_date) AS day, line, raw FROM rejected_lines WHERE server = ''
     ) ORDER BY site, day, line`,
  );
  const left: Record<string, string[]> = {};
  for (const { site, day, raw } of rows) {
    const of = `${site}/${day}`;
    left[of] = [...(left[of] ?? []), raw];
  }
  return left;
}

function nonEmpty(left: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(left).filter(([, text]) => text.length > 0));
}

/** Each test is several whole loads, with messages that gpg makes, beside another suite on two cores. */
const LOADS_MS = 300_000;

test(
  'a daily line that a tar of the days around has too is left out, whichever was loaded first',
  async () => {
    const { tar, daily } = texts(1);
    const tarPath = await pack('2014-09-06-UniversityA-tracking.tar', tar);
    const dailyPaths = await packDaily(daily);
    const expected = nonEmpty(leftOf(tar, daily));
    const superseded = Object.values(daily).flat().length - Object.values(expected).flat().length;
    expect(superseded).toBeGreaterThan(10);

    // A file with lines that are no events has more of them than one in a hundred.
    const odd = Object.values(daily).map((text) => text.some((line) => line.startsWith('no ')));
    const isOdd = (path: string): boolean =>
      path === tarPath || odd[dailyPaths.indexOf(path)] === true;
    const orders: readonly (readonly string[])[][] = [
      [[tarPath], dailyPaths],
      [dailyPaths, [tarPath]],
      [[tarPath, ...dailyPaths]],
      [dailyPaths.slice(5), [tarPath], dailyPaths.slice(0, 5)],
      dailyPaths
        .toReversed()
        .map((one) => [one])
        .concat([[tarPath]]),
    ];
    const sums: (readonly string[])[] = [];
    for (const order of orders) {
      const data = bench().freshData();
      const runs: Run[] = [];
      for (const paths of order) runs.push(await bench().load(data, paths));
      expect(runs.map((run) => run.status)).toEqual(
        order.map((paths) => (paths.some(isOdd) ? 1 : 0)),
      );
      expect(await leftIn(data)).toEqual(expected);
      const told = runs.map((run) => summaryOf(run).lines.superseded);
      expect(told.reduce((sum, one) => sum + one, 0)).toBe(superseded);
      sums.push(await checksums(data));
      const [books] = await rowsOf<{ off: string; left_out: string }>(
        data,
        'SELECT countIf(lines != events + rejected + blank + filtered + superseded) AS off, sum(superseded) AS left_out FROM log_files',
      );
      expect(books).toEqual({ off: '0', left_out: String(superseded) });
    }
    for (const sum of sums) expect(sum).toEqual(sums[0]);
  },
  LOADS_MS,
);

test(
  'lines come back when a newer tar has them no more, and go again when one has them',
  async () => {
    const { tar, daily } = texts(2);
    const changed = Object.fromEntries(
      Object.entries(tar).map(([name, text], index) => [
        name,
        index % 2 === 0 ? [...text.slice(2), aLine(900 + index)] : text,
      ]),
    );
    const older = await pack('2014-09-06-UniversityA-tracking.tar', tar);
    const newer = await pack('2014-09-13-UniversityA-tracking.tar', changed);
    const dailyPaths = await packDaily(daily);
    const data = bench().freshData();
    await bench().load(data, [older, ...dailyPaths]);
    expect(await leftIn(data)).toEqual(nonEmpty(leftOf(tar, daily)));
    await bench().load(data, [newer]);
    expect(await leftIn(data)).toEqual(nonEmpty(leftOf(changed, daily)));
    const straight = bench().freshData();
    await bench().load(straight, [...dailyPaths, newer]);
    expect(await leftIn(straight)).toEqual(nonEmpty(leftOf(changed, daily)));
  },
  LOADS_MS,
);

test(
  'a daily file of which lines were left out is recognised, and grows, like all others',
  async () => {
    const { tar, daily } = texts(3);
    const name = 'prod/2014-09-02';
    const own = daily[name] ?? [];
    const tarPath = await pack('2014-09-06-UniversityA-tracking.tar', tar);
    const data = bench().freshData();
    const [first = ''] = await packDaily({ [name]: own.slice(0, 6) });
    await bench().load(data, [tarPath, first]);
    const again = await bench().load(data, [first]);
    expect(summaryOf(again).logFiles).toMatchObject({ unchanged: 1, new: 0 });
    const [grown = ''] = await packDaily({ [name]: own });
    const run = await bench().load(data, [grown]);
    expect(summaryOf(run).logFiles).toMatchObject({ grown: 1 });
    const expected = nonEmpty(leftOf(tar, { [name]: own }));
    expect(await leftIn(data)).toEqual(expected);
    // A shorter copy, encrypted anew, is a prefix of what is loaded, superseded lines included.
    const [shorter = ''] = await packDaily({ [name]: own.slice(0, 8) });
    const last = await bench().load(data, [shorter]);
    expect(summaryOf(last).logFiles).toMatchObject({ same: 1, replaced: 0 });
    expect(await leftIn(data)).toEqual(expected);
  },
  LOADS_MS,
);
