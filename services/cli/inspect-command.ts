/** `edxstream inspect`: what is in packages, without any key. */
import { Command } from 'commander';
import { inspectPackages } from '../inspect/inspect-packages.js';
import { renderInspection } from '../inspect/render-inspection.js';
import { addSettings, settingsOf } from './add-settings.js';
import { EXIT } from './exit-status.js';
import { indexPackages } from './index-packages.js';
import type { Shell } from './shell.js';
import { storeOf, storeSettings } from './store-settings.js';

const EXAMPLES = `
Examples:
  edxstream inspect ~/edx-packages
  edxstream inspect s3://course-data/2013-10-27-UniversityA-tracking.tar
  edxstream inspect ~/edx-packages --json | jq '.servers[] | {server, gaps}'
`;

export function inspectCommand(shell: Shell, end: (exitStatus: number) => void): Command {
  const command = new Command('inspect')
    .description('Shows what is in packages, and what is missing, without any key.')
    .argument(
      '<package...>',
      'tracking tars, database zips, directories that hold them, or s3://bucket/key-or-prefix',
    )
    .option('--json', 'Print everything as one JSON object.')
    .addHelpText('after', EXAMPLES);
  addSettings(command, storeSettings);
  return command.action(async (paths: readonly string[], { json }: { readonly json?: boolean }) => {
    const { indexes, skipped } = await indexPackages(paths, {
      except: [],
      store: storeOf(settingsOf(command, storeSettings, shell.env)),
      signal: shell.stop,
    });
    const inspection = inspectPackages(indexes);
    const text = json
      ? `${JSON.stringify({ ...inspection, skipped }, undefined, 2)}\n`
      : renderInspection(inspection);
    await shell.out.write(text);
    const named = skipped.filter(({ isExplicit }) => isExplicit);
    for (const { reason } of named) await shell.err.write(`${reason}\n`);
    if (named.length > 0 || inspection.faults.length > 0) end(EXIT.someFailed);
  });
}
