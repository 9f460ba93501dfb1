/**
 * A load as the person sees it: the warehouse opened, progress on the terminal, in records and in the file
 * for `edxstream status`, and the account on standard output, whatever the end.
 */
import type { KeyRing } from '#shared/openpgp/key-ring';
import { newLoadProgress } from '#shared/progress/load-progress';
import { removeProgressFile, writeProgressFile } from '#shared/progress/progress-file';
import { type ProgressView, showProgress } from '#shared/progress/show-progress';
import type { Warehouse } from '#shared/warehouse/warehouse';
import type { KnownIndexes } from '../fetch/kept-index.js';
import { EXIT } from './exit-status.js';
import { type IndexedPackages, indexAgain } from './index-packages.js';
import { knownIndexes } from './known-indexes.js';
import { isAllIn, type LoadAccount, newAccount } from './load-account.js';
import type { LoadCommandSettings } from './load-command.js';
import { loadPackages } from './load-packages.js';
import {
  beginRecord,
  closingRecords,
  fileRecord,
  type JsonRecord,
  progressRecord,
  tableRecord,
} from './load-records.js';
import type { Broker } from './open-broker.js';
import { openWarehouse, placeName } from './open-warehouse.js';
import { renderAccount } from './render-account.js';
import type { Shell } from './shell.js';
import { showError } from './show-error.js';

export interface LoadFlags {
  readonly json?: boolean;
  readonly debug?: boolean;
}

interface RunLoad {
  readonly keys: KeyRing;
  readonly settings: LoadCommandSettings;
  readonly flags: LoadFlags;
  readonly shell: Shell;
  /** For the lock of the data directory, and in the records. */
  readonly command: 'load' | 'sync';
}

/** Finds the packages, given the indexes that the warehouse remembers. */
type Index = (known: KnownIndexes) => Promise<IndexedPackages>;

/** Opens the warehouse, loads into it what `index` finds, and gives it back; returns the exit status. */
export async function runLoad(index: Index, run: RunLoad): Promise<number> {
  const { settings, flags, shell } = run;
  const startedAt = new Date();
  const account = newAccount(startedAt);
  const tell = (record: JsonRecord): void => {
    if (flags.json) void shell.out.write(`${JSON.stringify(record)}\n`);
  };
  const outcome = await loadShowing(index, run, { account, tell, startedAt });
  const fault =
    outcome.error === undefined
      ? undefined
      : showError(outcome.error, { isDebug: flags.debug === true });
  const exitStatus = fault?.exitStatus ?? (isAllIn(account) ? EXIT.allIn : EXIT.someFailed);
  if (fault !== undefined) {
    const { code, detail, next } = fault;
    const { command: name } = run;
    tell({ type: 'fault', data: { kind: 'command', name, reason: code, detail, next } });
  }
  if (flags.json) for (const record of closingRecords(account, exitStatus)) tell(record);
  else if (outcome.hasBegun)
    await shell.out.write(
      renderAccount(account, {
        ...settings,
        ...outcome,
        data: placeName(settings),
        isTerminal: shell.out.isTerminal,
      }),
    );
  if (fault !== undefined) await shell.err.write(fault.text);
  return exitStatus;
}

interface ShownLoad {
  readonly error: unknown;
  /** Whether packages were found: before that there is nothing to account for. */
  readonly hasBegun: boolean;
  readonly lineBytes: number;
}

/** Loads with progress on the terminal, in records, and in the file for `edxstream status`. */
async function loadShowing(
  index: Index,
  { keys, settings, flags, shell, command }: RunLoad,
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
    await using warehouse = await openWarehouse(settings, { command });
    const known = knownIndexes(warehouse);
    const indexed = await index(known);
    tell(
      beginRecord(indexed.indexes, {
        ...{ command, data: placeName(settings), startedAt: account.startedAt },
      }),
    );
    hasBegun = true;
    const shown = showProgress(progress, {
      view: flags.json
        ? { kind: 'records', record: (...now) => tell(progressRecord(...now)) }
        : progressView(shell),
      // Beside a directory, for `edxstream status`; a server is asked itself.
      keep: () => {
        if (warehouse.kind === 'server') return;
        writeProgressFile(settings.data, {
          pid: process.pid,
          updatedAt: new Date().toISOString(),
          progress,
        });
      },
    });
    shell.onStop = () =>
      shown.interject(
        'Stopping cleanly: what is half-way is taken back. Ctrl-C again stops at once.\n',
      );
    try {
      await using broker =
        settings.broker.length > 0
          ? await brokerOf(settings, { warehouse, say: shown.interject })
          : undefined;
      await loadPackages(indexed, {
        ...{ warehouse, keys, settings, account, progress },
        signal: shell.stop,
        loadRound: broker?.loadRound,
        indexAgain: (indexes) => indexAgain(indexes, { known, signal: shell.stop }),
        onLogFile: (result) => tell(fileRecord(result)),
        onDatabaseFile: (entry) => tell(tableRecord(entry)),
      });
    } finally {
      shown.stop();
      shell.onStop = undefined;
      if (warehouse.kind === 'embedded') removeProgressFile(settings.data);
    }
    return { error: undefined, hasBegun, lineBytes: progress.lineBytes };
  } catch (error) {
    // Stopped by a person: whatever the stages said while they were stopped is not the cause.
    const cause = shell.stop.aborted ? shell.stop.reason : error;
    return { error: cause, hasBegun, lineBytes: progress.lineBytes };
  }
}

/** Only a load through Kafka loads its library, which takes longer than to find out that nothing is new. */
async function brokerOf(
  settings: LoadCommandSettings,
  options: { readonly warehouse: Warehouse; readonly say: (text: string) => void },
): Promise<Broker> {
  const { openBroker } = await import('./open-broker.js');
  return openBroker(settings, options);
}

export function progressView({ err }: Shell): ProgressView {
  const write = (text: string): void => void err.write(text);
  return err.isTerminal
    ? { kind: 'terminal', write, columns: () => err.columns() }
    : { kind: 'plain', write };
}
