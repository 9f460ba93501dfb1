/**
 * `edxstream demo`: generates the packages of two consecutive weeks, loads one week after the other, and asks
 * the warehouse some questions. Everything lies in ./edxstream-demo, which is made anew each time.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { readSettings } from '#shared/config/settings';
import { EdxstreamError } from '#shared/errors';
import type { KeyRing } from '#shared/openpgp/key-ring';
import { newLoadProgress } from '#shared/progress/load-progress';
import {
  renderBytes,
  renderCount,
  renderCounted,
  renderDuration,
} from '#shared/progress/quantities';
import { showProgress } from '#shared/progress/show-progress';
import type { EmbeddedWarehouse } from '#shared/warehouse/embedded';
import type { GeneratedPackage } from '../generate/generate-packages.js';
import { PROFILES } from '../generate/profile.js';
import { loadSettings } from './config.js';
import { DEMO_QUERIES } from './demo-queries.js';
import { generateShowing } from './generate-command.js';
import { indexPackages } from './index-packages.js';
import { type LoadAccount, newAccount } from './load-account.js';
import { loadPackages } from './load-packages.js';
import { openKeys } from './open-keys.js';
import { openDirectory } from './open-warehouse.js';
import { readCourses } from './read-status.js';
import { renderCourses } from './render-status.js';
import { progressView } from './run-load.js';
import type { Shell } from './shell.js';
import { storeOf } from './store-settings.js';

const EXAMPLES = `
Examples:
  edxstream demo
  edxstream demo ./somewhere-else
  npm run demo
`;

const MARK = 'made-by-edxstream-demo';

export function demoCommand(shell: Shell): Command {
  return new Command('demo')
    .description('Generates two weeks of packages, loads them, and shows what can be asked.')
    .argument('[dir]', 'directory that is made anew for it', './edxstream-demo')
    .addHelpText('after', EXAMPLES)
    .action((directory: string) => runDemo(directory, shell));
}

async function runDemo(directory: string, shell: Shell): Promise<void> {
  const beganMs = Date.now();
  const say = (text: string): Promise<void> => shell.out.write(text);
  await makeAnew(directory);
  const data = join(directory, 'data');

  await say(`Generating the packages of two weeks in ${directory}/packages\n`);
  const generated = await generateShowing(join(directory, 'packages'), PROFILES.demo, shell);
  await say(
    `  ${renderCount(generated.lines)} lines (${renderBytes(generated.plaintextBytes)}), encrypted as edX encrypts them\n`,
  );
  const { czarSecret, passphrase } = generated.keys;
  const keySettings = { key: [czarSecret], passphraseFile: passphrase, passphrase: undefined };
  const keys = await openKeys(keySettings, shell);
  await using warehouse = await openDirectory(data, { command: 'demo' });
  for (const [index, week] of generated.packages.entries()) {
    await say(`\nLoading week ${index + 1}: the tar and the zip of ${week.date}\n`);
    await say(renderWeek(await loadWeek(week, { keys, warehouse, data, shell })));
  }
  await say(`\nCourses\n${renderCourses(await readCourses(warehouse))}\n`);
  for (const { shows, sql } of DEMO_QUERIES) {
    await say(`\n${shows}\n\n${indented(sql)}\n\n`);
    for await (const chunk of warehouse.stream(sql, 'PrettyCompactNoEscapes'))
      await say(indented(String(Buffer.from(chunk))));
  }
  await say(renderNext({ directory, data, seconds: (Date.now() - beganMs) / 1000 }));
}

/** Only what an earlier demo made is removed: a directory of somebody's own is left alone. */
async function makeAnew(directory: string): Promise<void> {
  if (existsSync(directory)) {
    const names = await readdir(directory);
    if (names.length > 0 && !names.includes(MARK)) {
      throw new EdxstreamError(
        'USAGE',
        `${directory} holds files that no demo made, so it is left alone. Name another directory.`,
      );
    }
    await rm(directory, { recursive: true, force: true });
  }
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(join(directory, MARK), 'Removed and made anew by `edxstream demo`.\n');
}

async function loadWeek(
  week: GeneratedPackage,
  {
    keys,
    warehouse,
    data,
    shell,
  }: {
    readonly keys: KeyRing;
    readonly warehouse: EmbeddedWarehouse;
    readonly data: string;
    readonly shell: Shell;
  },
): Promise<LoadAccount> {
  const startedAt = new Date();
  const account = newAccount(startedAt);
  const progress = newLoadProgress(startedAt);
  const shown = showProgress(progress, { view: progressView(shell) });
  try {
    const settings = readSettings(loadSettings, { flags: {}, env: {} });
    const indexed = await indexPackages([week.tarPath, week.zipPath], {
      except: [data],
      store: storeOf(settings),
      signal: shell.stop,
    });
    await loadPackages(indexed, {
      ...{ warehouse, keys, settings, account, progress },
      signal: shell.stop,
    });
    return account;
  } finally {
    shown.stop();
  }
}

function renderWeek({ logFiles, lines, databaseFiles, seconds, failures }: LoadAccount): string {
  const read = logFiles.new + logFiles.grown + logFiles.replaced;
  const tableFaults = failures.filter(({ kind }) => kind === 'database-file').length;
  return [
    `  New         ${renderCounted(logFiles.new, 'log file')}; ${renderCounted(logFiles.grown, 'log file')} had grown since the week before`,
    `  Recognised  ${renderCounted(logFiles.unchanged, 'log file')} as unchanged, without decrypting them`,
    `  Events      ${renderCount(lines.events)} of ${renderCounted(lines.lines, 'line')} in ${renderCounted(read, 'file')} (${renderCount(lines.rejected)} rejected, ${renderCount(lines.blank)} blank, ${renderCount(lines.late)} late, ${renderCount(lines.masked)} with secrets masked)`,
    `  Tables      ${renderCounted(databaseFiles.loaded, 'database file')}, ${renderCounted(databaseFiles.rows, 'row')}${tableFaults > 0 ? `; ${tableFaults} that edX itself failed to export` : ''}`,
    `  Took        ${renderDuration(seconds)}`,
    '',
  ].join('\n');
}

function renderNext({
  directory,
  data,
  seconds,
}: {
  readonly directory: string;
  readonly data: string;
  readonly seconds: number;
}): string {
  return [
    '',
    `Done in ${renderDuration(seconds)}. What to try next (npx edxstream, from this directory):`,
    `  npx edxstream status --data ${data}`,
    `  npx edxstream rejects --data ${data}`,
    `  npx edxstream query "SELECT time, event_type FROM events LIMIT 20" --data ${data}`,
    `  npx edxstream inspect ${directory}/packages`,
    'With packages of your own:',
    '  npx edxstream load <directory of packages> --key <your private key>',
    '',
  ].join('\n');
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
