/**
 * Whether a text is one condition on the columns of `events`, asked of ClickHouse before anything is read.
 *
 *   --where   username = 'ann' AND evnt_type = 'play_video'
 *                                  ^ Unknown expression or function identifier `evnt_type` …
 *
 * Twice for its syntax, because in brackets `1) OR (1` and without them `1 LIMIT 5` would pass for one.
 */
import { EdxstreamError } from '#shared/errors';
import { engineCode } from '#shared/warehouse/engine-errors';
import type { Warehouse } from '#shared/warehouse/warehouse';

const BARE = { before: 'SELECT 1 WHERE ', after: '' };
const IN_BRACKETS = { before: 'SELECT (', after: '\n)' };

/** @throws EdxstreamError QUERY_REFUSED with ClickHouse's reason and the place in the condition. */
export async function checkCondition(warehouse: Warehouse, condition: string): Promise<void> {
  for (const { before, after } of [BARE, IN_BRACKETS]) {
    const query = `${before}${condition}${after}`;
    await refuseOn(condition, before, () =>
      warehouse.query('SELECT formatQuerySingleLine({query:String}) AS query', { query }),
    );
  }
  await refuseOn(condition, '', () =>
    warehouse.query(`SELECT 1 FROM (SELECT * FROM events LIMIT 0) WHERE (${condition}\n) LIMIT 0`),
  );
}

async function refuseOn(
  condition: string,
  before: string,
  ask: () => Promise<unknown>,
): Promise<void> {
  try {
    await ask();
  } catch (error) {
    const said = error instanceof EdxstreamError ? error.cause : error;
    // Not the engine's word on the condition, but a server that is away, or a bug.
    if (!(said instanceof Error) || engineCode(said) === undefined) throw error;
    const place = placeOf(said.message, condition, before);
    throw new EdxstreamError(
      'QUERY_REFUSED',
      `--where is no condition on the columns of events: ${reasonOf(said.message)}\n${shown(condition, place)}`,
      { cause: error },
    );
  }
}

/** The sentence that says what is wrong, without the list of all that could stand there, and our own query. */
function reasonOf(message: string): string {
  const [first = ''] = message
    .replace(/^Code: \d+\. DB::Exception: /, '')
    .replace(/:? ?\(?[Ii]n scope [\s\S]*?(?=Maybe you meant|$)/, '. ')
    .replace(/\. In query [\s\S]*$/, '.')
    .replace(/ at position \d+ /, ' at ')
    .split(/\. Expected one of/);
  return first
    .replace(/\s+/g, ' ')
    .replace(/[.: ]+$/, '')
    .concat('.');
}

/** The character of the condition that ClickHouse means; undefined where it does not say. */
function placeOf(message: string, condition: string, before: string): number | undefined {
  const position = /failed at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) {
    // Counted from 1, in bytes.
    const bytes = Buffer.from(condition).subarray(0, Number(position) - 1 - before.length);
    return bytes.toString().length;
  }
  const name = /`([^`]+)`/.exec(message)?.[1];
  const at = name === undefined ? -1 : condition.indexOf(name);
  return at < 0 ? undefined : at;
}

const INDENT = '    ';

/** The condition with a mark below the place, in the line that it is in. */
function shown(condition: string, place: number | undefined): string {
  const lines = condition.split('\n');
  if (place === undefined) return lines.map((line) => `${INDENT}${line}`).join('\n');
  let start = 0;
  const marked = lines.flatMap((line) => {
    const column = place - start;
    const isHere = column >= 0 && column <= line.length;
    start += line.length + 1;
    return isHere ? [line, `${' '.repeat(column)}^`] : [line];
  });
  return marked.map((line) => `${INDENT}${line}`).join('\n');
}
