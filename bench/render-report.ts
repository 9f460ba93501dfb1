/** The result for people: two tables on a terminal, one in Markdown for the README. */
import { isReached, type Ratio } from './ratios.js';
import type { Baseline, BenchResult } from './results.js';
import type { Spread, Summary } from './samples.js';

/** A ratio this much worse than the baseline's is pointed out; less is noise. */
const WORSE_SHARE = 0.85;
/** Measures whose checksum does not depend on who did the work. */
const SAME_ON_BOTH_SIDES = [
  'decrypt',
  'load',
  'query: learners by day',
  'query: one learner in order',
];

/** Measures that load the same package. */
const SAME_LOADS = [['load', 'load from a store', 'load into a server', 'load over Kafka']];

export function renderReport(result: BenchResult, baseline: Baseline | undefined): string {
  const { archive, machine, commit, date } = result;
  const head = [
    `${archive.lines.toLocaleString('en')} events in ${archive.logFiles} log files of ${archive.days} days; ${mega(archive.plaintextBytes)} of text, ${mega(archive.storedBytes)} encrypted`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB; ${machine.system}; Node.js ${machine.node}, chdb ${machine.chdb}, ${machine.gpg}`,
    `commit ${commit}, ${date.slice(0, 10)}`,
  ];
  const measures = result.summaries.map((one) => [
    `${one.measure} (${one.side})`,
    spread(one.seconds, digitsOf(one)),
    one.cpuSeconds.median.toFixed(2),
    ...rates(one),
    one.peakBytes.median === 0 ? '' : mebi(one.peakBytes.median),
    one.checksums.length === 1 ? (one.checksums[0] ?? '') : 'DIFFERS BETWEEN RUNS',
  ]);
  const measureNames = ['', 'seconds', 'CPU s', 'events/s', 'MB/s', 'MB/s a core', 'CPU µs/event'];
  const ratios = result.ratios.map((ratio) => [
    ratio.name,
    spread(ratio.value, 3),
    verdict(ratio),
    againstBaseline(ratio, baseline),
  ]);
  return [
    ...head,
    '',
    table([[...measureNames, 'peak RSS', 'checksum'], ...measures]),
    '',
    table([['', 'median (min..max)', 'wanted', 'baseline'], ...ratios]),
    '',
    ...warnings(result),
  ].join('\n');
}

/** What a reader of the README wants to know, and what it was measured on. */
export function renderMarkdown(result: BenchResult): string {
  const { archive, machine, commit, date, summaries } = result;
  const rows = summaries.map((one) => {
    const [events, text] = rates(one);
    const peak = one.peakBytes.median === 0 ? '' : mebi(one.peakBytes.median);
    return `| ${one.measure} | ${one.side} | ${spread(one.seconds, digitsOf(one))} | ${events} | ${text} | ${peak} |`;
  });
  const ratios = result.ratios.map(
    (ratio) => `| ${ratio.name} | ${spread(ratio.value, 2)} ${ratio.unit} | ${verdict(ratio)} |`,
  );
  return [
    `${archive.lines.toLocaleString('en')} generated events in ${archive.logFiles} log files of ${archive.days} days (${mega(archive.plaintextBytes)} of`,
    `text, ${mega(archive.storedBytes)} encrypted), on ${machine.cores} cores of ${machine.cpu} with ${machine.memoryGiB} GiB, ${machine.system},`,
    `Node.js ${machine.node}, chdb ${machine.chdb}, on ${date.slice(0, 10)} at commit ${commit}: median (min..max) of ${counted(summaries[0]?.runs ?? 0)}.`,
    '*By hand* is `gpg -d` of every file into a pipe that the same embedded ClickHouse reads as JSONEachRow, without',
    'the lines, their order, or an account of them ([its table](bench/peers/by-hand.sql)). *Over Kafka* is one broker, an',
    'ingest, a sink and the planner on the same cores; the server is not ClickHouse’s, but the embedded engine in a process of',
    'its own behind HTTP ([the front of the tests](test/support/clickhouse-front-process.ts)), as *into a server* is one process',
    'that loads into it without Kafka ([shares of the work](docs/kafka.md#how-fast)).',
    '',
    '| | by | seconds | events/s | MB/s of text | peak memory |',
    '|---|---|--:|--:|--:|--:|',
    ...rows,
    '',
    '| what decides | median (min..max) | wanted |',
    '|---|--:|--:|',
    ...ratios,
  ].join('\n');
}

/** What makes the figures worthless, if anything does. */
export function warnings({ summaries }: Pick<BenchResult, 'summaries'>): readonly string[] {
  const found = summaries
    .filter(({ checksums }) => checksums.length > 1)
    .map(({ measure, side }) => `${measure} (${side}) did not do the same work in every run.`);
  for (const measure of SAME_ON_BOTH_SIDES) {
    const sides = summaries.filter((one) => one.measure === measure);
    if (new Set(sides.flatMap(({ checksums }) => checksums)).size > 1) {
      found.push(`${measure}: the two sides did not come to the same (see the checksums).`);
    }
  }
  for (const same of SAME_LOADS) {
    const loads = summaries.filter(({ measure }) => same.includes(measure));
    if (new Set(loads.flatMap(({ checksums }) => checksums)).size > 1) {
      found.push(`The loads of the same package did not come to the same: ${namesOf(loads)}.`);
    }
  }
  return found.map((text) => `WARNING: ${text}`);
}

function namesOf(summaries: readonly Summary[]): string {
  return summaries.map(({ measure, side }) => `${measure} (${side})`).join(', ');
}

function rates(one: Summary): [string, string, string, string] {
  const whole = ({ median }: Spread) =>
    median === 0 ? '' : Math.round(median).toLocaleString('en');
  const cpu = one.cpuMicrosecondsPerEvent.median;
  return [
    whole(one.eventsPerSecond),
    whole(one.megabytesPerSecond),
    whole(one.megabytesPerCpuSecond),
    cpu === 0 ? '' : cpu.toFixed(2),
  ];
}

function verdict(ratio: Ratio): string {
  const { wanted } = ratio;
  if (wanted === undefined) return '';
  const bound = 'atLeast' in wanted ? `≥ ${wanted.atLeast}` : `≤ ${wanted.atMost}`;
  return `${bound} ${isReached(ratio) ? 'reached' : 'MISSED'}`;
}

function againstBaseline(ratio: Ratio, baseline: Baseline | undefined): string {
  const before = baseline?.ratios[ratio.name];
  if (before === undefined) return '';
  const change = ratio.isLessBetter ? before / ratio.value.median : ratio.value.median / before;
  return `${before.toFixed(3)}${change < WORSE_SHARE ? ' WORSE' : ''}`;
}

function spread({ median, min, max }: Spread, digits: number): string {
  const all = `${min.toFixed(digits)}..${max.toFixed(digits)}`;
  return min === max ? median.toFixed(digits) : `${median.toFixed(digits)} (${all})`;
}

/** Queries take milliseconds. */
function digitsOf({ seconds }: Summary): number {
  return seconds.median < 0.2 ? 4 : 2;
}

function mega(bytes: number): string {
  return `${(bytes / 1e6).toLocaleString('en', { maximumFractionDigits: 0 })} MB`;
}

function mebi(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}

function counted(runs: number): string {
  return runs === 1 ? 'a single run' : `${runs} runs`;
}
