/** The account of a load as text for people: what is in, what is not, and what to do about that. */
import {
  renderBytes,
  renderCount,
  renderCounted,
  renderDuration,
} from '#shared/progress/quantities';
import { WIDTH_MAX, wrapText } from '../inspect/text-table.js';
import type { LoadAccount } from './load-account.js';

const SHOWN_MAX = 20;
const LABEL_CHARACTERS = 16;

export interface AccountPlace {
  readonly data: string;
  /** Bytes of lines that were read. */
  readonly lineBytes: number;
  readonly rejectsMax: number;
  /** Where no person reads along, lines are not broken: programs look for whole names. */
  readonly isTerminal: boolean;
}

export function renderAccount(account: LoadAccount, place: AccountPlace): string {
  const widthMax = place.isTerminal ? WIDTH_MAX : Number.POSITIVE_INFINITY;
  const items = (title: string, texts: readonly string[]) => list(title, texts, widthMax);
  const sections = [
    summary(account, place),
    items(
      'Not loaded',
      account.failures.map(
        ({ name, reason, detail }) => `${name}: ${reason}. ${without(detail, name)}`,
      ),
    ),
    items(
      `Rejected lines in more than ${percent(place.rejectsMax)} of a file (look at them with \`edxstream rejects\`)`,
      account.overRejected.map(
        ({ name, lines, rejected }) =>
          `${name}: ${renderCount(rejected)} of ${renderCounted(lines, 'line')}`,
      ),
    ),
    items('Loaded earlier and missing from the newest package (their rows stay)', account.missing),
    items('Warnings', account.warnings),
    items('Lay beside the packages and are none', account.skipped),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function summary(account: LoadAccount, { data, lineBytes }: AccountPlace): string {
  const { logFiles, lines, databaseFiles, seconds, recovered } = account;
  const rate =
    seconds > 0
      ? `${renderCount(lines.events / seconds)} events/s, ${renderBytes(lineBytes / seconds)}/s`
      : '';
  const rows: readonly (readonly [string, readonly (string | undefined)[]])[] = [
    [
      'Put right first',
      [
        counted(recovered.logFiles, 'log file'),
        counted(recovered.databaseFiles, 'database file'),
        recovered.logFiles + recovered.databaseFiles > 0
          ? 'left half-way by a command that was interrupted'
          : undefined,
      ],
    ],
    [
      'Log files',
      [
        `${renderCount(logFiles.new)} new`,
        `${renderCount(logFiles.grown)} grown`,
        some(logFiles.replaced, 'replaced'),
        some(logFiles.same, 'encrypted again with nothing new'),
        `${renderCount(logFiles.unchanged)} unchanged`,
        some(logFiles.superseded, 'in a newer package'),
        `${renderCount(logFiles.failed)} failed`,
        some(logFiles.left, 'not come to'),
      ],
    ],
    ['Lines', lines.lines > 0 ? [renderCount(lines.lines)] : []],
    ['  events', lines.lines > 0 ? [renderCount(lines.events), rate] : []],
    [
      '  rejected',
      lines.lines > 0 ? [renderCount(lines.rejected), ...reasons(lines.rejectedByReason)] : [],
    ],
    ['  blank', lines.lines > 0 ? [renderCount(lines.blank)] : []],
    [
      '  superseded',
      [some(lines.superseded, 'of daily log files left out, because a tar has the same lines')],
    ],
    ['  other courses', [some(lines.filtered, 'not asked for')]],
    [
      'Of these',
      lines.lines > 0
        ? [
            `${renderCount(lines.late)} late`,
            `${renderCount(lines.masked)} with secrets masked`,
            some(account.earlyReleases, 'runs released early, because the window was full'),
          ]
        : [],
    ],
    [
      'Database files',
      [
        `${renderCount(databaseFiles.loaded)} loaded (${renderCounted(databaseFiles.rows, 'row')})`,
        some(databaseFiles.rejected, 'rows rejected'),
        `${renderCount(databaseFiles.unchanged)} unchanged`,
        `${renderCount(databaseFiles.failed)} failed`,
        some(databaseFiles.keptOut, 'kept out (no tables)'),
        some(databaseFiles.filtered, 'of other courses'),
        some(databaseFiles.left, 'not come to'),
      ],
    ],
  ];
  const head = `${renderCounted(account.packages, 'package')} into ${data} in ${renderDuration(seconds)}`;
  return [
    head,
    ...rows.flatMap(([label, cells]) => {
      const present = cells.filter((cell) => cell !== undefined && cell !== '');
      return present.length === 0
        ? []
        : [`  ${label.padEnd(LABEL_CHARACTERS)}${present.join(', ')}`];
    }),
  ].join('\n');
}

function some(count: number, what: string): string | undefined {
  return count === 0 ? undefined : `${renderCount(count)} ${what}`;
}

function counted(count: number, noun: string): string | undefined {
  return count === 0 ? undefined : renderCounted(count, noun);
}

function reasons(byReason: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(byReason)
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${reason} ${renderCount(count)}`);
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))} %`;
}

/** Details mostly begin with the name, or the path in it, that stands before them already. */
function without(detail: string, name: string): string {
  const path = name.slice(name.indexOf(': ') + 2);
  const said = [name, path].find((one) => detail.startsWith(`${one}: `));
  return said === undefined ? detail : detail.slice(said.length + 2);
}

export function list(title: string, items: readonly string[], widthMax = WIDTH_MAX): string {
  if (items.length === 0) return '';
  const lines = items
    .slice(0, SHOWN_MAX)
    .flatMap((item) =>
      wrapText(item, widthMax - 4).map((line, at) => `${at === 0 ? '  - ' : '    '}${line}`),
    );
  const rest = items.length - SHOWN_MAX;
  const more = rest > 0 ? [`  and ${renderCount(rest)} more; --json tells them all.`] : [];
  return [`${title} (${renderCount(items.length)})`, ...lines, ...more].join('\n');
}
