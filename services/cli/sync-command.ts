/**
 * `edxstream sync`: what edX has delivered for an organization → what of it is wanted → load.
 *
 *   list ─► choose ─► show ─► load (only what is not known) ─► wait, with --watch ─► list …
 *
 * Objects are told apart by the ETags of the listing, so a round in which nothing has changed costs the
 * listing alone and does not even open the data directory.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { ValuesOf } from '#shared/config/settings';
import { EdxstreamError } from '#shared/errors';
import type { KeyRing } from '#shared/openpgp/key-ring';
import { renderDuration } from '#shared/progress/quantities';
import { type ChosenDeliveries, chooseDeliveries } from '../fetch/choose-deliveries.js';
import { findDeliveries } from '../fetch/find-deliveries.js';
import type { KnownIndexes } from '../fetch/kept-index.js';
import { addSettings, settingsOf } from './add-settings.js';
import { EXIT } from './exit-status.js';
import { type IndexedPackages, indexObjects } from './index-packages.js';
import { openKeys } from './open-keys.js';
import { renderDeliveries } from './render-deliveries.js';
import { type LoadFlags, runLoad } from './run-load.js';
import type { Shell } from './shell.js';
import { showError } from './show-error.js';
import { storeOf } from './store-settings.js';
import { syncSettings } from './sync-settings.js';

const EXAMPLES = `
Examples:
  edxstream sync --org UniversityA --key czar-secret.asc
  edxstream sync --org UniversityA --key czar-secret.asc --passphrase-file pass.txt --watch 6h
  edxstream sync --org UniversityA --since 2014-08-01 --dry-run
`;

const US_PER_MS = 1000;

interface Flags extends LoadFlags {
  readonly dryRun?: boolean;
}

type SyncSettings = ValuesOf<typeof syncSettings>;

export function syncCommand(shell: Shell, end: (exitStatus: number) => void): Command {
  const command = new Command('sync')
    .description('Finds what edX has delivered for an organization, and loads what is new.')
    .option('--dry-run', 'Show what is there, and load nothing. Needs no key.')
    .option('--json', 'Print records, one JSON object a line, in place of text.')
    .addHelpText('after', EXAMPLES);
  addSettings(command, syncSettings);
  return command.action(async (flags: Flags) => {
    const settings = settingsOf(command, syncSettings, shell.env);
    if (flags.dryRun) {
      await lookAround(settings, { shell, isJson: flags.json === true });
      return;
    }
    const keys = await openKeys(settings, shell);
    const round = newRounds({ keys, settings, flags, shell });
    if (settings.watch === undefined) end(await round());
    else end(await watch(round, settings.watch / US_PER_MS, { shell, flags }));
  });
}

interface Rounds {
  readonly keys: KeyRing;
  readonly settings: SyncSettings;
  readonly flags: Flags;
  readonly shell: Shell;
}

/** A function that does one round: it remembers what was wanted in the last one that went well. */
function newRounds({ keys, settings, flags, shell }: Rounds): () => Promise<number> {
  let before = '';
  return async () => {
    const choice = await lookAround(settings, { shell, isJson: flags.json === true });
    const now = JSON.stringify(
      choice.chosen.map(({ object: { bucket, key, etag } }) => [bucket, key, etag]),
    );
    if (now === before) {
      await shell.err.write('Nothing has changed since the last round.\n');
      return EXIT.allIn;
    }
    const exitStatus = await runLoad(
      (known) => indexChosen(choice, { known, signal: shell.stop }),
      { ...{ keys, settings, flags, shell }, command: 'sync' },
    );
    // What failed for its content fails again until edX delivers it anew, under another ETag.
    if (exitStatus === EXIT.allIn || exitStatus === EXIT.someFailed) before = now;
    return exitStatus;
  };
}

/** Indexes what is wanted and, where the newest tar is damaged, older ones up to one that is not. */
async function indexChosen(
  { chosen, superseded }: ChosenDeliveries,
  options: { readonly known: KnownIndexes; readonly signal: AbortSignal },
): Promise<IndexedPackages> {
  const found = await indexObjects(
    chosen.map(({ object }) => object),
    options,
  );
  const indexes = [...found.indexes];
  const skipped = [...found.skipped];
  const older = superseded.filter(({ kind }) => kind === 'tracking').toReversed();
  for (const { object } of older) {
    const [tar] = indexes.filter(({ format }) => format === 'tar').slice(-1);
    if (tar === undefined || tar.faults.length === 0) break;
    const next = await indexObjects([object], options);
    indexes.push(...next.indexes);
    skipped.push(...next.skipped);
  }
  return { indexes, skipped };
}

async function lookAround(
  settings: SyncSettings,
  { shell, isJson }: { readonly shell: Shell; readonly isJson: boolean },
): Promise<ChosenDeliveries> {
  const { organization, courseBucket, eventsBucket, since, snapshots } = settings;
  const found = await findDeliveries(organization, {
    ...{ store: storeOf(settings), courseBucket, eventsBucket, since, signal: shell.stop },
  });
  if (found.deliveries.length === 0) {
    const when = since === undefined ? '' : ` since ${since}`;
    throw new EdxstreamError(
      'S3_NOT_FOUND',
      `Nothing was delivered for ${organization}${when} in s3://${courseBucket}/ and s3://${eventsBucket}/.`,
    );
  }
  const choice = chooseDeliveries(found.deliveries, { snapshots });
  if (isJson) {
    const told = (all: ChosenDeliveries['chosen']) =>
      all.map(({ kind, date, site, object: { bucket, key, bytes } }) => ({
        ...{ kind, date, site, path: `s3://${bucket}/${key}`, bytes },
      }));
    const data = {
      ...{ organization, wanted: told(choice.chosen), superseded: told(choice.superseded) },
      ...{ missing: choice.missing, passedOver: found.passedOver },
    };
    await shell.out.write(`${JSON.stringify({ type: 'deliveries', data })}\n`);
  } else {
    await shell.out.write(renderDeliveries(organization, found, choice));
  }
  return choice;
}

/** Rounds until somebody stops it. What may be better next time does not end it. */
async function watch(
  round: () => Promise<number>,
  intervalMs: number,
  { shell, flags }: Pick<Rounds, 'shell' | 'flags'>,
): Promise<number> {
  for (;;) {
    try {
      const exitStatus = await round();
      // The load has said what was wrong; only what a person has to change first ends the watch.
      if (exitStatus === EXIT.usage || exitStatus === EXIT.bug) return exitStatus;
      if (exitStatus === EXIT.interrupted) return exitStatus;
    } catch (error) {
      if (!(error instanceof EdxstreamError) || !error.spec.retry) throw error;
      await shell.err.write(showError(error, { isDebug: flags.debug === true }).text);
    }
    await shell.err.write(`Looking again in ${renderDuration(intervalMs / 1000)}.\n`);
    try {
      await sleep(intervalMs, undefined, { signal: shell.stop });
    } catch {
      throw shell.stop.reason;
    }
  }
}
