/**
 * Rows of cells as aligned text, at most `WIDTH_MAX` columns wide. Numbers stand right, words left.
 * Where a row would be too long, the widest column is made narrower, again and again, and what does
 * not fit goes on in the next line of the same cell: nothing is cut off.
 */
export const WIDTH_MAX = 100;
const GAP = '  ';
/** Dates stay whole in a column of this width. */
const COLUMN_WIDTH_MIN = 10;

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const table = [columns.map(({ title }) => title), ...rows];
  const natural = columns.map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
  const widths = fitWidths(natural, WIDTH_MAX - GAP.length * columns.length);
  return table
    .flatMap((row) => renderRow(columns, row, widths))
    .map((line) => `${GAP}${line}`.trimEnd())
    .join('\n');
}

function fitWidths(natural: readonly number[], room: number): readonly number[] {
  const widths = [...natural];
  let over = widths.reduce((sum, width) => sum + width, 0) - room;
  while (over > 0) {
    const widest = Math.max(...widths);
    if (widest <= COLUMN_WIDTH_MIN) break;
    widths[widths.indexOf(widest)] = widest - 1;
    over -= 1;
  }
  return widths;
}

function renderRow(
  columns: readonly Column[],
  row: readonly string[],
  widths: readonly number[],
): string[] {
  const cells = columns.map((_, at) => wrapText(row[at] ?? '', widths[at] ?? 0));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    columns
      .map(({ align }, at) => {
        const text = cells[at]?.[line] ?? '';
        return align === 'right' ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0);
      })
      .join(GAP),
  );
}

/** Breaks at spaces; a word that is longer than a line (a path) is broken where the line ends. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    let rest = word;
    const joined = line === '' ? rest : `${line} ${rest}`;
    if (joined.length <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    while (rest.length > width) {
      lines.push(rest.slice(0, width));
      rest = rest.slice(width);
    }
    line = rest;
  }
  lines.push(line);
  return lines;
}
