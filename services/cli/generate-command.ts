/** `edxstream generate`: packages as edX delivers them, to try edxstream with. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { renderBytes, renderCount } from '#shared/progress/quantities';
import { type GeneratedPackages, generatePackages } from '../generate/generate-packages.js';
import { addSettings, settingsOf } from './add-settings.js';
import { generateSettings, profileOf } from './generate-settings.js';
import type { Shell } from './shell.js';

const EXAMPLES = `
Examples:
  edxstream generate ./packages
  edxstream generate ./packages --weeks 4 --courses 12 --events-per-day 20000
  edxstream generate ./large --profile bench --seed 7
`;

export function generateCommand(shell: Shell): Command {
  const command = new Command('generate')
    .description('Generates realistic edX data packages, with keys and the counts to expect.')
    .argument('<dir>', 'directory that receives packages, keys and expected.json')
    .addHelpText('after', EXAMPLES);
  addSettings(command, generateSettings);
  return command.action(async (directory: string) => {
    const profile = profileOf(settingsOf(command, generateSettings, shell.env));
    await shell.out.write(describeGenerated(await generateShowing(directory, profile, shell)));
  });
}

/** Generates and shows how far it is, on a terminal only. */
export async function generateShowing(
  directory: string,
  profile: Parameters<typeof generatePackages>[1],
  shell: Shell,
): Promise<GeneratedPackages> {
  const clear = shell.err.isTerminal ? '\r\u001b[K' : '';
  const generated = await generatePackages(directory, profile, {
    signal: shell.stop,
    onProgress: ({ daysDone, days, packagesDone, packages, lines, plaintextBytes }) => {
      if (!shell.err.isTerminal) return;
      const text = `  day ${daysDone} of ${days}   package ${packagesDone} of ${packages}   ${renderCount(lines)} lines   ${renderBytes(plaintextBytes)}`;
      void shell.err.write(`${clear}${text}`);
    },
  });
  await shell.err.write(clear);
  return generated;
}

function describeGenerated(generated: GeneratedPackages): string {
  const { directory, packages, keys, lines, plaintextBytes } = generated;
  const names = packages.flatMap(({ tarPath, zipPath }) => [tarPath, zipPath]);
  return [
    `Generated ${renderCount(lines)} lines (${renderBytes(plaintextBytes)}) in ${packages.length} packages of a tar and a zip:`,
    ...names.map((name) => `  ${name}`),
    `The key is ${keys.czarSecret}, its passphrase stands in ${keys.passphrase}.`,
    `${generated.expectedPath} holds the counts that loading must come to.`,
    '',
    'Next:',
    `  edxstream load ${quoted(directory)} --key ${quoted(keys.czarSecret)} --passphrase-file ${quoted(keys.passphrase)}`,
    '',
  ].join('\n');
}

/** A path as it can be pasted into a shell. */
export function quoted(path: string): string {
  return /^[\w./@:+-]+$/.test(path) ? path : `'${resolve(path).replaceAll("'", `'\\''`)}'`;
}
