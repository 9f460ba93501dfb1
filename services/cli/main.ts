/** The process: gives the command its arguments, environment, streams and signals, and its exit status to the system. */
import { processShell } from './process-shell.js';
import { runProgram } from './run-program.js';

const shell = processShell(process);
process.exitCode = await runProgram(process.argv.slice(2), shell);
// The engine's threads and a terminal in use would keep the process; nothing is left to wait for.
await shell.flush();
process.exit();
