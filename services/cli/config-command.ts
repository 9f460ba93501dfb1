/** `edxstream config`: the settings in effect and where each came from. */
import { Command } from 'commander';
import { nameOf, readSettings, settingsInEffect } from '#shared/config/settings';
import { renderTable } from '../inspect/text-table.js';
import { addSettings, flagsOf } from './add-settings.js';
import { loadSettings, querySettings, rejectsSettings } from './config.js';
import type { Shell } from './shell.js';

const EXAMPLES = `
Examples:
  edxstream config
  EDXSTREAM_DATA=/srv/edx edxstream config
  edxstream config --workers 4 --json
`;

export const allSettings = { ...rejectsSettings, ...querySettings, ...loadSettings } as const;

export function configCommand(shell: Shell): Command {
  const command = new Command('config')
    .description('Prints the settings in effect and where each came from.')
    .option('--json', 'Print one JSON object.')
    .addHelpText('after', EXAMPLES);
  addSettings(command, loadSettings);
  return command.action(async ({ json }: { readonly json?: boolean }) => {
    const given = { flags: flagsOf(command, loadSettings), env: shell.env };
    const settings = settingsInEffect(allSettings, given);
    const text = json
      ? `${JSON.stringify(settings, undefined, 2)}\n`
      : `${renderTable(
          [{ title: 'setting' }, { title: 'value' }, { title: 'from' }, { title: 'given by' }],
          settings.map(({ name, text: value, source }) => {
            const setting = allSettings[name as keyof typeof allSettings]; // names come from this table
            return [name, value ?? '-', source, nameOf(setting)];
          }),
        )}\n`;
    await shell.out.write(text);
    // What cannot be read is said after what is there, with exit status 2.
    readSettings(allSettings, given);
  });
}
