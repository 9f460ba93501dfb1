/** `edxstream rejects`: what was rejected, by reason and by file, with examples. */
import { Command } from 'commander';
import { renderCount } from '#shared/progress/quantities';
import type { Warehouse } from '#shared/warehouse/warehouse';
import { renderTable } from '../inspect/text-table.js';
import { addSettings, settingsOf } from './add-settings.js';
import { rejectsSettings } from './config.js';
import { escapeBytes } from './escape-bytes.js';
import { openExistingWarehouse } from './open-warehouse.js';
import type { Shell } from './shell.js';

const EXAMPLES = `
Examples:
  edxstream rejects
  edxstream rejects --reason not-json --limit 50
  edxstream rejects --json --limit 1000 > rejects.json
`;

/** Enough of a line to see what it is; --json gives more. */
const SHOWN_BYTES = 300;
const SHOWN_BYTES_JSON = 65_536;
const FILES_SHOWN_MAX = 20;

/** Lines of log files and rows of database files in one form. */
const REJECTS = `(
  SELECT concat(organization, '/', if(server = '', site, server), '/', toString(log_date)) AS file,
    line, reason, detail, raw FROM rejected_lines
  UNION ALL
  SELECT concat(organization, '/', site, '/', course_id, '/', table_name, '/', toString(snapshot_date)),
    line, reason, detail, raw FROM rejected_rows)`;

interface Rejects {
  readonly reasons: readonly {
    readonly reason: string;
    readonly lines: number;
    readonly files: number;
  }[];
  readonly files: readonly {
    readonly file: string;
    readonly reason: string;
    readonly lines: number;
  }[];
  readonly examples: readonly Example[];
}

interface Example {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
  readonly detail: string;
  /** The bytes, escaped as on a terminal. */
  readonly raw: string;
  /** How many bytes the line has; more than are shown where it is long. */
  readonly bytes: number;
}

export function rejectsCommand(shell: Shell): Command {
  const command = new Command('rejects')
    .description('Shows which lines were rejected, why, and what they look like.')
    .option('--json', 'Print one JSON object.')
    .addHelpText('after', EXAMPLES);
  addSettings(command, rejectsSettings);
  return command.action(async ({ json }: { readonly json?: boolean }) => {
    const settings = settingsOf(command, rejectsSettings, shell.env);
    await using warehouse = await openExistingWarehouse(settings, {
      command: 'rejects',
      tell: (note) => void shell.err.write(`${note}\n`),
    });
    const shownBytes = json ? SHOWN_BYTES_JSON : SHOWN_BYTES;
    const rejects = await readRejects(warehouse, { ...settings, shownBytes });
    await shell.out.write(
      json ? `${JSON.stringify(rejects, undefined, 2)}\n` : renderRejects(rejects),
    );
  });
}

async function readRejects(
  warehouse: Warehouse,
  {
    reason = '',
    limit,
    shownBytes,
  }: { readonly reason: string | undefined; readonly limit: number; readonly shownBytes: number },
): Promise<Rejects> {
  const where = "WHERE {reason:String} = '' OR reason = {reason:String}";
  const query = <Row>(sql: string): Promise<readonly Row[]> =>
    warehouse.query<Row>(`${sql} SETTINGS output_format_json_quote_64bit_integers = 0`, { reason });
  const examples = await query<Example>(
    `SELECT file, line, reason, detail, length(raw) AS bytes, hex(substring(raw, 1, ${shownBytes})) AS raw
     FROM ${REJECTS} ${where} ORDER BY file, line LIMIT ${limit}`,
  );
  return {
    reasons: await query(
      `SELECT reason, count() AS lines, uniqExact(file) AS files FROM ${REJECTS} ${where}
       GROUP BY reason ORDER BY lines DESC, reason`,
    ),
    files: await query(
      `SELECT file, reason, count() AS lines FROM ${REJECTS} ${where}
       GROUP BY file, reason ORDER BY lines DESC, file, reason`,
    ),
    examples: examples.map((one) => ({ ...one, raw: escapeBytes(Buffer.from(one.raw, 'hex')) })),
  };
}

function renderRejects({ reasons, files, examples }: Rejects): string {
  if (reasons.length === 0) return 'Nothing was rejected.\n';
  const rest = files.length - FILES_SHOWN_MAX;
  return [
    'By reason',
    renderTable(
      [{ title: 'reason' }, { title: 'lines', align: 'right' }, { title: 'files', align: 'right' }],
      reasons.map(({ reason, lines, files: count }) => [
        reason,
        renderCount(lines),
        renderCount(count),
      ]),
    ),
    '',
    'By file',
    renderTable(
      [{ title: 'file' }, { title: 'reason' }, { title: 'lines', align: 'right' }],
      files
        .slice(0, FILES_SHOWN_MAX)
        .map(({ file, reason, lines }) => [file, reason, renderCount(lines)]),
    ),
    ...(rest > 0 ? [`  and ${renderCount(rest)} more; --json tells them all.`] : []),
    ...(examples.length === 0 ? [] : ['', 'Examples (--limit says how many)']),
    ...examples.map(renderExample),
    '',
  ].join('\n');
}

function renderExample({ file, line, reason, detail, raw, bytes }: Example): string {
  const more = bytes > SHOWN_BYTES ? `… (${renderCount(bytes)} bytes)` : '';
  // A detail quotes bytes of the line as well.
  return `  ${file}, line ${line}: ${reason}. ${escapeBytes(Buffer.from(detail))}\n    ${raw}${more}`;
}
