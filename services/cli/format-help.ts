/**
 * Help of a command: one line of purpose, usage, options grouped by topic, examples.
 *
 * Commander's own form differs in that it begins with the usage; people who ask for help want to know
 * first whether this is the command they need.
 */
import type { Command, Help } from 'commander';
import { wrapText } from '../inspect/text-table.js';

const WIDTH = 100;
const INDENT = 2;

export function formatHelp(command: Command, help: Help): string {
  const parts = [
    help.commandDescription(command),
    `Usage: ${help.commandUsage(command)}`,
    list(
      'Commands:',
      help
        .visibleCommands(command)
        .map((one) => [help.subcommandTerm(one), help.subcommandDescription(one)]),
    ),
    list(
      'Arguments:',
      help
        .visibleArguments(command)
        .map((one) => [help.argumentTerm(one), help.argumentDescription(one)]),
    ),
    ...[...optionGroups(command, help)].map(([title, items]) => list(title, items)),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

type Item = readonly [term: string, description: string];

function optionGroups(command: Command, help: Help): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  // The command's own options come first, then what every command has.
  const general = new Set(['--help', '--version', '--debug']);
  const visible = help.visibleOptions(command);
  const own = visible.filter(({ long }) => !general.has(long ?? ''));
  for (const option of [...own, ...visible.filter((one) => !own.includes(one))]) {
    const title = option.helpGroupHeading ?? 'Other:';
    const items = groups.get(title) ?? [];
    items.push([help.optionTerm(option), help.optionDescription(option)]);
    groups.set(title, items);
  }
  return groups;
}

function list(title: string, items: readonly Item[]): string {
  if (items.length === 0) return '';
  const termColumns = Math.min(30, Math.max(...items.map(([term]) => term.length)));
  const left = INDENT + termColumns + INDENT;
  const lines = items.flatMap(([term, description]) => {
    const wrapped = wrapText(description, WIDTH - left);
    const isLong = term.length > termColumns;
    return [
      ...(isLong ? [`${' '.repeat(INDENT)}${term}`] : []),
      ...wrapped.map((line, at) => {
        const head = at === 0 && !isLong ? term : '';
        return `${' '.repeat(INDENT)}${head.padEnd(termColumns + INDENT)}${line}`.trimEnd();
      }),
    ];
  });
  return [title, ...lines].join('\n');
}
