/**
 * Settings of a command: one table says for each its flag, its variable, its default, what it means and
 * how its text is read. Help, documentation and `edxstream config` come from the same table.
 *
 *   flag ─┐
 *   variable ─┼─► text ─► type (zod) ─► value      the first that is given counts
 *   default ──┘
 *
 * What surprises: a default is written as a person would type it and is read like any other value. All
 * problems are reported at once.
 */
import type { z } from 'zod';
import { EdxstreamError } from '#shared/errors';

export interface Setting {
  /** As commander has it: `--data <dir>`, or `--json` for one that is on or off. None: no flag. */
  readonly flag?: string;
  readonly env?: string;
  /** The text a person would type for it; none: it may be absent, or its type says it may not. */
  readonly default?: string;
  readonly type: z.ZodType;
  readonly about: string;
  /** The heading under which help lists it. */
  readonly group: string;
  /** Given several times on the command line; its type reads a list. */
  readonly isRepeatable?: boolean;
  /** Never echoed and never a flag. */
  readonly isSecret?: boolean;
}

export type SettingsTable = Readonly<Record<string, Setting>>;

export type ValuesOf<Table extends SettingsTable> = {
  readonly [Name in keyof Table]: z.output<Table[Name]['type']>;
};

/** What commander found: text, texts of a repeatable flag, or true for one that is on or off. */
export type Flags = Readonly<Record<string, unknown>>;
export type Environment = Readonly<Record<string, string | undefined>>;

export interface SettingInEffect {
  readonly name: string;
  /** What was typed, or dots for a secret; undefined where nothing is in effect. */
  readonly text: string | undefined;
  readonly source: 'flag' | 'environment' | 'default' | 'unset';
}

/** @throws EdxstreamError SETTINGS that names every setting that needs attention. */
export function readSettings<Table extends SettingsTable>(
  table: Table,
  { flags, env }: { readonly flags: Flags; readonly env: Environment },
): ValuesOf<Table> {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table)) {
    const { raw } = chosen(name, setting, flags, env);
    const read = setting.type.safeParse(raw);
    if (read.success) {
      values[name] = read.data;
      continue;
    }
    const said = read.error.issues.map(({ message }) => message).join('; ');
    const shown = setting.isSecret || raw === undefined ? '' : `, got ${withoutPassword(raw)}`;
    faults.push(`${nameOf(setting)}: ${said}${shown}.\n      ${setting.about}`);
  }
  if (faults.length > 0) {
    const count = faults.length === 1 ? 'One setting needs' : `${faults.length} settings need`;
    throw new EdxstreamError('SETTINGS', `${count} attention:\n    ${faults.join('\n    ')}`);
  }
  // Every name of the table was read by its own type just above.
  return values as ValuesOf<Table>;
}

/** Where the value of each setting comes from, for `edxstream config`. */
export function settingsInEffect(
  table: SettingsTable,
  { flags, env }: { readonly flags: Flags; readonly env: Environment },
): readonly SettingInEffect[] {
  return Object.entries(table).map(([name, setting]) => {
    const { raw, source } = chosen(name, setting, flags, env);
    const text = Array.isArray(raw) ? raw.join(', ') : raw === undefined ? undefined : String(raw);
    return { name, text: setting.isSecret && text !== undefined ? '•••' : text, source };
  });
}

/** What was given, less the user and password of an address, where they should not have been. */
function withoutPassword(raw: unknown): string {
  return JSON.stringify(raw).replace(/\/\/[^/@"]*@/g, '//•••@');
}

/** Names a setting as a person can give it: its variable and its flag. */
export function nameOf({ flag, env }: Setting): string {
  const long = flag?.split(/[ ,]+/).find((word) => word.startsWith('--'));
  if (env === undefined) return long ?? '';
  return long === undefined ? env : `${long} (${env})`;
}

function chosen(
  name: string,
  setting: Setting,
  flags: Flags,
  env: Environment,
): { readonly raw: unknown; readonly source: SettingInEffect['source'] } {
  const flag = setting.flag === undefined ? undefined : flags[name];
  if (flag !== undefined) return { raw: flag, source: 'flag' };
  const variable = setting.env === undefined ? undefined : env[setting.env];
  // A variable that is set to nothing is a common way to unset one.
  if (variable !== undefined && variable !== '') return { raw: variable, source: 'environment' };
  if (setting.default !== undefined) return { raw: setting.default, source: 'default' };
  return { raw: undefined, source: 'unset' };
}
