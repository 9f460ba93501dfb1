/**
 * `edxstream load`: settings → keys → packages → warehouse → load → account.
 *
 * Keys come first because a person who has mistyped a passphrase should be told before anything else is
 * waited for. The account is the result, on standard output; everything on the way goes to standard error.
 */
import { Command } from 'commander';
import type { ValuesOf } from '#shared/config/settings';
import type { KeyRing } from '#shared/openpgp/key-ring';
import { newLoadProgress } from '#shared/progress/load-progress';
import { removeProgressFile, writeProgressFile } from '#shared/progress/progress-file';
import { type ProgressView, showProgress } from '#shared/progress/show-progress';
import { addSettings, settingsOf } from './add-settings.js';
import { loadSettings } from './config.js';
import { dryRun } from './dry-run.js';
import { EXIT } from './exit-status.js';
import { type IndexedPackages, indexPackages } from './index-packages.js';
import { isAllIn, type LoadAccount, newAccount } from './load-account.js';
import { loadPackages } from './load-packages.js';
import {
  beginRecord,
  closingRecords,
  fileRecord,
  type JsonRecord,
  progressRecord,
  tableRecord,
} from './load-records.js';
import { openKeys } from './open-keys.js';
import { openWarehouse, refuseServer } from './open-warehouse.js';
import { renderAccount } from './render-account.js';
import type { Shell } from './shell.js';
import { showError } from './show-error.js';

const EXAMPLES = `
Examples:
  edxstream load ~/edx-packages --key czar-secret.asc
  edxstream load 2013-10-27-UniversityA-tracking.tar universitya-2013-10-27.zip -k czar-secret.asc
  edxstream load ~/edx-packages --dry-run
`;

interface LoadFlags {
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly debug?: boolean;
}

export type LoadCommandSettings = ValuesOf<typeof loadSettings>;

export function loadCommand(shell: Shell, end: (exitStatus: number) => void): Command {
  const command = new Command('load')
    .description('Loads packages into the warehouse; what is in it already is recognised.')
    .argument('<package...>', 'tracking tars, database zips, or directories that hold them')
    .option('--dry-run', 'Print what would be loaded, and load nothing. Needs no key.')
    .option('--json', 'Print records, one JSON object a line, in place of text.')
    .addHelpText('after', EXAMPLES);
  addSettings(command, loadSettings);
  return command.action(async (paths: readonly string[], flags: LoadFlags) => {
    const settings = settingsOf(command, loadSettings, shell.env);
    refuseServer(settings);
    if (flags.dryRun) {
      end(await dryRun(paths, settings, { shell, isJson: flags.json === true }));
      return;
    }
    const keys = await openKeys(settings, shell);
    const indexed = await indexPackages(paths, { except: [settings.data], signal: shell.stop });
    end(await runLoad(indexed, { keys, settings, flags, shell }));
  });
}

interface RunLoad {
  readonly keys: KeyRing;
  readonly settings: LoadCommandSettings;
  readonly flags: LoadFlags;
  readonly shell: Shell;
}

async function runLoad(indexed: IndexedPackages, run: RunLoad): Promise<number> {
  const { settings, flags, shell } = run;
  const startedAt = new Date();
  const account = newAccount(startedAt);
  const tell = (record: JsonRecord): void => {
    if (flags.json) void shell.out.write(`${JSON.stringify(record)}\n`);
  };
  tell(beginRecord(indexed.indexes, { data: settings.data, startedAt: account.startedAt }));
  const outcome = await loadShowing(indexed, run, { account, tell, startedAt });
  const fault =
    outcome.error === undefined
      ? undefined
      : showError(outcome.error, { isDebug: flags.debug === true });
  const exitStatus = fault?.exitStatus ?? (isAllIn(account) ? EXIT.allIn : EXIT.someFailed);
  if (fault !== undefined) {
    const { code, detail, next } = fault;
    tell({ type: 'fault', data: { kind: 'command', name: 'load', reason: code, detail, next } });
  }
  if (flags.json) for (const record of closingRecords(account, exitStatus)) tell(record);
  else if (outcome.hasBegun)
    await shell.out.write(renderAccount(account, { ...settings, ...outcome }));
  if (fault !== undefined) await shell.err.write(fault.text);
  return exitStatus;
}

interface ShownLoad {
  readonly error: unknown;
  /** Whether the warehouse was opened: before that there is nothing to account for. */
  readonly hasBegun: boolean;
  readonly lineBytes: number;
}

/** Loads with progress on the terminal, in records, and in the file for `edxstream status`. */
async function loadShowing(
  indexed: IndexedPackages,
  { keys, settings, flags, shell }: RunLoad,
  {
    account,
    tell,
    startedAt,
  }: {
    readonly account: LoadAccount;
    readonly tell: (record: JsonRecord) => void;
    readonly startedAt: Date;
  },
): Promise<ShownLoad> {
  const progress = newLoadProgress(startedAt);
  let hasBegun = false;
  try {
    await using warehouse = await openWarehouse(settings, { command: 'load' });
    hasBegun = true;
    const shown = showProgress(progress, {
      view: flags.json
        ? { kind: 'records', record: (...now) => tell(progressRecord(...now)) }
        : progressView(shell),
      keep: () =>
        writeProgressFile(settings.data, {
          pid: process.pid,
          updatedAt: new Date().toISOString(),
          progress,
        }),
    });
    shell.onStop = () =>
      shown.interject(
        'Stopping cleanly: what is half-way is taken back. Ctrl-C again stops at once.\n',
      );
    try {
      await loadPackages(indexed, {
        ...{ warehouse, keys, settings, account, progress },
        signal: shell.stop,
        onLogFile: (result) => tell(fileRecord(result)),
        onDatabaseFile: (entry) => tell(tableRecord(entry)),
      });
    } finally {
      shown.stop();
      shell.onStop = undefined;
      removeProgressFile(settings.data);
    }
    return { error: undefined, hasBegun, lineBytes: progress.lineBytes };
  } catch (error) {
    // Stopped by a person: whatever the stages said while they were stopped is not the cause.
    const cause = shell.stop.aborted ? shell.stop.reason : error;
    return { error: cause, hasBegun, lineBytes: progress.lineBytes };
  }
}

export function progressView({ err }: Shell): ProgressView {
  const write = (text: string): void => void err.write(text);
  return err.isTerminal
    ? { kind: 'terminal', write, columns: () => err.columns() }
    : { kind: 'plain', write };
}
