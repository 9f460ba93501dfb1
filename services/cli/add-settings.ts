/** Puts a settings table on a command as flags with help, and reads them back together with the environment. */
import { type Command, Option } from 'commander';
import {
  type Environment,
  type Flags,
  readSettings,
  type Setting,
  type SettingsTable,
  type ValuesOf,
} from '#shared/config/settings';

export function addSettings(command: Command, table: SettingsTable): void {
  for (const setting of Object.values(table)) {
    if (setting.flag === undefined) continue;
    const option = new Option(setting.flag, describe(setting)).helpGroup(`${setting.group}:`);
    if (setting.isRepeatable) {
      option.argParser((text: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        text,
      ]);
    }
    command.addOption(option);
  }
}

/** The values in effect. Flags that a command has beside its table are left alone. */
export function settingsOf<Table extends SettingsTable>(
  command: Command,
  table: Table,
  env: Environment,
): ValuesOf<Table> {
  return readSettings(table, { flags: flagsOf(command, table), env });
}

/** Flags under the names of the table, which need not be those that commander makes of them. */
export function flagsOf(command: Command, table: SettingsTable): Flags {
  const given = command.opts<Record<string, unknown>>();
  return Object.fromEntries(
    Object.entries(table).flatMap(([name, { flag }]) =>
      flag === undefined ? [] : [[name, given[new Option(flag).attributeName()]]],
    ),
  );
}

function describe(setting: Setting): string {
  const isSwitch = !/[<[]/.test(setting.flag ?? '');
  const notes = [
    ...(setting.isRepeatable ? ['may be given several times'] : []),
    ...(setting.default !== undefined && !isSwitch ? [`default: ${setting.default}`] : []),
    ...(setting.env === undefined ? [] : [setting.env]),
  ];
  return notes.length === 0 ? setting.about : `${setting.about} (${notes.join('; ')})`;
}
