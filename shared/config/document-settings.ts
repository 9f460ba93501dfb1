/** The settings as a section of a document, from the same table that help and messages come from. */
import type { Setting, SettingsTable } from '#shared/config/settings';

/** A table for each group, in the order in which the settings stand. */
export function documentSettings(table: SettingsTable): string {
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
