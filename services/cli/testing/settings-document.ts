/** docs/settings.md, written from the settings tables; a test holds the file against it. */
import type { Setting, SettingsTable } from '#shared/config/settings';
import { loadSettings, querySettings, rejectsSettings } from '../config.js';
import { generateSettings } from '../generate-settings.js';
import { ingestSettings, sinkSettings } from '../process-settings.js';
import { replaySettings } from '../replay-settings.js';
import { syncSettings } from '../sync-settings.js';
import { warehouseSettings } from '../warehouse-settings.js';

const HEAD = `# Settings

Written from the tables in the code by \`npm run fix\`; what is changed here by hand is lost.

A setting is given by a flag, else by a variable of the environment, else it has its default. A switch is
\`yes\` or \`no\` as a variable. A list stands in a variable with commas between courses and with colons between
files. Sizes are bytes, or have a unit: \`500 MB\`, \`16 MiB\`. All that is wrong with settings is said at once,
with exit status 2. \`edxstream config\` prints what is in effect and where it came from.

Two variables of the system count as well: \`NO_COLOR\` (edxstream uses no colours either way), and
\`UV_THREADPOOL_SIZE\`, threads for reading and inserting, which edxstream sets to 16 unless it is set.
`;

export function settingsDocument(): string {
  const sections: readonly (readonly [string, string, SettingsTable])[] = [
    ['load', 'Also shown by `edxstream config`.', loadSettings],
    ['sync', 'Beside those of `load`.', without(syncSettings, loadSettings)],
    ['query', 'Beside the warehouse as above.', without(querySettings, warehouseSettings)],
    ['rejects', 'Beside the warehouse as above.', without(rejectsSettings, warehouseSettings)],
    ['ingest', 'Beside keys, topics and workers as above.', without(ingestSettings, loadSettings)],
    [
      'sink',
      'Beside warehouse, topics and bounds as above, of which it releases 48 MiB and holds 96 MiB where nothing else is set.',
      without(sinkSettings, loadSettings),
    ],
    ['replay', 'Beside the warehouse as above.', without(replaySettings, warehouseSettings)],
    ['generate', 'What is not given comes from the profile.', generateSettings],
  ];
  return [
    HEAD,
    ...sections.map(
      ([verb, note, table]) => `## edxstream ${verb}\n\n${note}\n\n${documentSettings(table)}`,
    ),
  ].join('\n');
}

function without(table: SettingsTable, other: SettingsTable): SettingsTable {
  return Object.fromEntries(Object.entries(table).filter(([name]) => !(name in other)));
}

/** A table for each group, in the order in which the settings stand. */
function documentSettings(table: SettingsTable): string {
  const groups = new Map<string, Setting[]>();
  for (const setting of Object.values(table)) {
    const ofGroup = groups.get(setting.group) ?? [];
    ofGroup.push(setting);
    groups.set(setting.group, ofGroup);
  }
  return [...groups]
    .map(([group, settings]) => {
      const rows = settings.map(
        (setting) =>
          `| ${code(setting.flag)} | ${code(setting.env)} | ${code(setting.default)} | ${aboutOf(setting)} |`,
      );
      const head = ['| flag | variable | default | what it is |', '| --- | --- | --- | --- |'];
      return `### ${group}\n\n${[...head, ...rows].join('\n')}\n`;
    })
    .join('\n');
}

function code(text: string | undefined): string {
  return text === undefined ? '' : `\`${text}\``;
}

function aboutOf({ about, isRepeatable, isSecret }: Setting): string {
  const notes = [
    ...(isRepeatable ? ['May be given several times.'] : []),
    ...(isSecret ? ['Never printed.'] : []),
  ];
  // A bar would end the cell.
  return [about, ...notes].join(' ').replaceAll('|', '\\|');
}
