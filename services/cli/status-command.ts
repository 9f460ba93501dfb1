/**
 * `edxstream status`: what is in a warehouse or, while a command runs on a directory, how far that is. A
 * directory that is in use is not opened: the lock and the progress file beside it tell. A server tells both
 * at once.
 */
import { Command } from 'commander';
import { readProgressFile } from '#shared/progress/progress-file';
import { directoryOwner } from '#shared/warehouse/directory-lock';
import { addSettings, settingsOf } from './add-settings.js';
import { openExistingWarehouse, placeName } from './open-warehouse.js';
import { readStatus } from './read-status.js';
import { renderRunning, renderStatus } from './render-status.js';
import type { Shell } from './shell.js';
import { warehouseSettings } from './warehouse-settings.js';

const EXAMPLES = `
Examples:
  edxstream status
  edxstream status --data /srv/edx/warehouse
  edxstream status --json | jq .courses
`;

const PATIENCE_SECONDS_MAX = 3;

export function statusCommand(shell: Shell): Command {
  const command = new Command('status')
    .description('Shows what is in the warehouse, or how far a running load is.')
    .option('--json', 'Print one JSON object.')
    .addHelpText('after', EXAMPLES);
  addSettings(command, warehouseSettings);
  return command.action(async ({ json }: { readonly json?: boolean }) => {
    const given = settingsOf(command, warehouseSettings, shell.env);
    // Who asks how things are wants to hear at once that nobody answers.
    const patience = Math.min(given.warehousePatienceSeconds, PATIENCE_SECONDS_MAX);
    const settings = { ...given, warehousePatienceSeconds: patience };
    const data = placeName(settings);
    const owner = settings.warehouse === undefined ? directoryOwner(data) : undefined;
    if (owner !== undefined) {
      const record = readProgressFile(data);
      const running = { ...owner, ...(record?.pid === owner.pid ? record : {}) };
      await shell.out.write(json ? asJson({ data, running }) : renderRunning(data, owner, record));
      return;
    }
    await using warehouse = await openExistingWarehouse(settings, {
      command: 'status',
      tell: (note) => void shell.err.write(`${note}\n`),
    });
    const status = await readStatus(warehouse);
    const holder = await warehouse.loads?.();
    await shell.out.write(
      json
        ? asJson({ data, ...(holder === undefined ? {} : { running: holder }), ...status })
        : renderStatus(data, status, holder),
    );
  });
}

function asJson(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
