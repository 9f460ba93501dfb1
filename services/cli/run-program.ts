/**
 * The command `edxstream`: reads arguments, runs one verb, and turns whatever comes of it into text and an
 * exit status. Nothing below here writes to the process's streams or ends it.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { EdxstreamError } from '#shared/errors';
import { configCommand } from './config-command.js';
import { demoCommand } from './demo-command.js';
import { EXIT } from './exit-status.js';
import { formatHelp } from './format-help.js';
import { generateCommand } from './generate-command.js';
import { inspectCommand } from './inspect-command.js';
import { loadCommand } from './load-command.js';
import { queryCommand } from './query-command.js';
import { rejectsCommand } from './rejects-command.js';
import { replayCommand } from './replay-command.js';
import type { Shell } from './shell.js';
import { showError } from './show-error.js';
import { statusCommand } from './status-command.js';

/** What a verb's action is given: the shell, and how to say its exit status. */
export type Verb = (shell: Shell, end: (exitStatus: number) => void) => Command;

const VERBS: readonly Verb[] = [
  generateCommand,
  inspectCommand,
  loadCommand,
  statusCommand,
  rejectsCommand,
  queryCommand,
  replayCommand,
  configCommand,
  demoCommand,
];

const EXAMPLES = `
Examples:
  edxstream demo
  edxstream load ~/edx-packages --key czar-secret.asc
  edxstream query "SELECT course_id, count() FROM events GROUP BY course_id"
`;

export async function runProgram(args: readonly string[], shell: Shell): Promise<number> {
  let exitStatus: number = EXIT.allIn;
  const program = buildProgram(shell, (status) => {
    exitStatus = status;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitStatus;
  } catch (error) {
    const fault = usageFault(error);
    if (fault === undefined) return EXIT.allIn;
    const shown = showError(fault, { isDebug: args.includes('--debug') });
    await shell.err.write(shown.text);
    return shown.exitStatus;
  }
}

export function buildProgram(shell: Shell, end: (exitStatus: number) => void): Command {
  const program = new Command('edxstream')
    .description(
      'Turns edX data packages into one complete, ordered, queryable record in ClickHouse.',
    )
    .version(versionOf(), '-V, --version', 'Print the version.')
    .helpCommand(false)
    .addHelpText('after', EXAMPLES);
  for (const verb of VERBS) program.addCommand(verb(shell, end));
  for (const command of [program, ...program.commands]) {
    command
      .helpOption('-h, --help', 'Print this help.')
      .option('--debug', 'Print stack traces of errors.')
      .exitOverride()
      .showSuggestionAfterError(true)
      .configureHelp({ formatHelp, showGlobalOptions: false })
      .configureOutput({
        writeOut: (text) => void shell.out.write(text),
        // Help that nobody asked for (no verb given) is an answer too, but not a result.
        writeErr: (text) => void shell.err.write(text),
        // What is wrong with the arguments is told once, in our two lines.
        outputError: () => undefined,
      });
  }
  return program;
}

/** What commander reports as an error of ours; undefined where it only ended after help or version. */
function usageFault(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  if (error.exitCode === 0) return undefined;
  if (error.code === 'commander.help') return new EdxstreamError('USAGE', 'No command was given.');
  const said = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
  return new EdxstreamError('USAGE', /[.)]$/.test(said) ? said : `${said}.`, { cause: error });
}

function versionOf(): string {
  // From dist/services/cli as from services/cli, package.json is the first one above.
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      const content: unknown = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8'));
      if (typeof content === 'object' && content !== null && 'version' in content) {
        return String(content.version);
      }
    } catch {
      // The other place has it.
    }
  }
  return 'unknown';
}
