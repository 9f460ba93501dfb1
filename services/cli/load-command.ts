/**
 * `edxstream load`: settings → keys → packages → warehouse → load → account.
 *
 * Keys come first because a person who has mistyped a passphrase should be told before anything else is
 * waited for. The account is the result, on standard output; everything on the way goes to standard error.
 */
import { Command } from 'commander';
import type { ValuesOf } from '#shared/config/settings';
import { EdxstreamError } from '#shared/errors';
import type { KnownIndexes } from '../fetch/kept-index.js';
import { addSettings, settingsOf } from './add-settings.js';
import { loadSettings } from './config.js';
import { dryRun } from './dry-run.js';
import { type IndexedPackages, indexPackages, isInStore } from './index-packages.js';
import { openKeys } from './open-keys.js';
import { type LoadFlags, runLoad } from './run-load.js';
import type { Shell } from './shell.js';
import { storeOf } from './store-settings.js';

const EXAMPLES = `
Examples:
  edxstream load ~/edx-packages --key czar-secret.asc
  edxstream load s3://course-data/2013-10-27-UniversityA-tracking.tar -k czar-secret.asc
  edxstream load ~/edx-packages --dry-run
`;

interface Flags extends LoadFlags {
  readonly dryRun?: boolean;
}

export type LoadCommandSettings = ValuesOf<typeof loadSettings>;

export function loadCommand(shell: Shell, end: (exitStatus: number) => void): Command {
  const command = new Command('load')
    .description('Loads packages into the warehouse; what is in it already is recognised.')
    .argument(
      '<package...>',
      'tracking tars, database zips, directories that hold them, or s3://bucket/key-or-prefix',
    )
    .option('--dry-run', 'Print what would be loaded, and load nothing. Needs no key.')
    .option('--json', 'Print records, one JSON object a line, in place of text.')
    .addHelpText('after', EXAMPLES);
  addSettings(command, loadSettings);
  return command.action(async (paths: readonly string[], flags: Flags) => {
    const settings = settingsOf(command, loadSettings, shell.env);
    if (flags.dryRun) {
      end(await dryRun(paths, settings, { shell, isJson: flags.json === true }));
      return;
    }
    // Log files are decrypted by ingests then. Database files are not, and whether there are any is seen later.
    const isKeyless = settings.broker.length > 0 && settings.key.length === 0;
    const keys = isKeyless ? { keys: [] } : await openKeys(settings, shell);
    const options = { except: [settings.data], store: storeOf(settings), signal: shell.stop };
    // What is typed wrong is said before a data directory is made. What stands in a store is asked for
    // after that, because the warehouse knows the indexes of last time.
    const index = async (
      known: { readonly known?: KnownIndexes } = {},
    ): Promise<IndexedPackages> => {
      const indexed = await indexPackages(paths, { ...options, ...known });
      if (isKeyless) refuseDatabaseFiles(indexed);
      return indexed;
    };
    const found = paths.some(isInStore) ? undefined : await index();
    end(
      await runLoad(async (known) => found ?? index({ known }), {
        ...{ keys, settings, flags, shell },
        command: 'load',
      }),
    );
  });
}

function refuseDatabaseFiles({ indexes }: IndexedPackages): void {
  const withFiles = indexes.find(({ databaseFiles }) => databaseFiles.length > 0);
  if (withFiles === undefined) return;
  throw new EdxstreamError(
    'KEY_MISSING',
    `No private key was given, and ${withFiles.path} holds database files, which this command decrypts itself.`,
  );
}
