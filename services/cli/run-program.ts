/**
 * The command `edxstream`: reads arguments, runs one verb, and turns whatever comes of it into text and an
 * exit status. Nothing below here writes to the process's streams or ends it.
 */
import { Command, CommanderError } from 'commander';
import { EdxstreamError } from '#shared/errors';
import { EXIT } from './exit-status.js';
import { formatHelp } from './format-help.js';
import { programVersion } from './program-version.js';
import type { Shell } from './shell.js';
import { showError } from './show-error.js';

/** What a verb's action is given: the shell, and how to say its exit status. */
export type Verb = (shell: Shell, end: (exitStatus: number) => void) => Command;

/** Only the verb that is asked for is loaded: all of them together take longer than most of them run. */
const VERBS: Readonly<Record<string, () => Promise<Verb>>> = {
  generate: async () => (await import('./generate-command.js')).generateCommand,
  inspect: async () => (await import('./inspect-command.js')).inspectCommand,
  load: async () => (await import('./load-command.js')).loadCommand,
  sync: async () => (await import('./sync-command.js')).syncCommand,
  ingest: async () => (await import('./ingest-command.js')).ingestCommand,
  sink: async () => (await import('./sink-command.js')).sinkCommand,
  status: async () => (await import('./status-command.js')).statusCommand,
  rejects: async () => (await import('./rejects-command.js')).rejectsCommand,
  query: async () => (await import('./query-command.js')).queryCommand,
  replay: async () => (await import('./replay-command.js')).replayCommand,
  config: async () => (await import('./config-command.js')).configCommand,
  demo: async () => (await import('./demo-command.js')).demoCommand,
};

const EXAMPLES = `
Examples:
  edxstream demo
  edxstream load ~/edx-packages --key czar-secret.asc
  edxstream query "SELECT course_id, count() FROM events GROUP BY course_id"
`;

export async function runProgram(args: readonly string[], shell: Shell): Promise<number> {
  let exitStatus: number = EXIT.allIn;
  try {
    const program = await buildProgram(shell, {
      verb: args[0],
      end: (status) => {
        exitStatus = status;
      },
    });
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

/** With the one verb if there is one of this name, else with all of them. */
export async function buildProgram(
  shell: Shell,
  { verb, end }: { readonly verb: string | undefined; readonly end: (exitStatus: number) => void },
): Promise<Command> {
  const one = Object.entries(VERBS).filter(([name]) => name === verb);
  const wanted = one.length > 0 ? one : Object.entries(verb === '--version' ? {} : VERBS);
  const verbs = await Promise.all(wanted.map(([, load]) => load()));
  const program = new Command('edxstream')
    .description(
      'Turns edX data packages into one complete, ordered, queryable record in ClickHouse.',
    )
    .version(programVersion(), '-V, --version', 'Print the version.')
    .helpCommand(false)
    .addHelpText('after', EXAMPLES);
  for (const command of verbs) program.addCommand(command(shell, end));
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
