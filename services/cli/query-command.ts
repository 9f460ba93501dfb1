/**
 * `edxstream query`: one SQL statement, its answer in any format of ClickHouse, streamed.
 *
 * A reader that goes away (`| head`) ends the query and is no fault.
 */
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { EdxstreamError } from '#shared/errors';
import { addSettings, settingsOf } from './add-settings.js';
import { querySettings } from './config.js';
import { openExistingWarehouse } from './open-warehouse.js';
import type { Shell } from './shell.js';

const EXAMPLES = `
Examples:
  edxstream query "SELECT course_id, count() FROM events GROUP BY course_id"
  edxstream query "SELECT * FROM auth_user" --format CSVWithNames > users.csv
  edxstream query - < report.sql
`;

export function queryCommand(shell: Shell): Command {
  const command = new Command('query')
    .description('Runs one SQL statement on what was loaded.')
    .argument('<sql>', 'the statement; - reads it from standard input')
    .addHelpText('after', EXAMPLES);
  addSettings(command, querySettings);
  return command.action(async (argument: string) => {
    const settings = settingsOf(command, querySettings, shell.env);
    const sql = statementOf(argument === '-' ? await text(shell.input) : argument);
    const format =
      settings.format ?? (shell.out.isTerminal ? 'PrettyCompact' : 'TabSeparatedWithNames');
    await using warehouse = await openExistingWarehouse(settings, {
      command: 'query',
      tell: (note) => void shell.err.write(`${note}\n`),
    });
    for await (const chunk of warehouse.stream(sql, format)) {
      shell.stop.throwIfAborted();
      await shell.out.write(chunk);
      if (shell.out.isClosed) return;
    }
  });
}

/** Without the semicolon that people end a statement with; the engine takes one statement at a time. */
function statementOf(sql: string): string {
  const statement = sql.trim().replace(/(?:\s*;)+$/, '');
  if (statement === '') throw new EdxstreamError('USAGE', 'The SQL statement is empty.');
  return statement;
}
