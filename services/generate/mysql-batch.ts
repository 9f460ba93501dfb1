/**
 * Database files as the `mysql` command wrote them until 2015: a header, then tab-separated rows.
 * Line feed, tab, backslash and NUL become two characters; a carriage return does not, so it stands
 * bare inside a field; NULL is the four letters.
 */
export function escapeField(value: string): string {
  if (!/[\\\n\t\0]/.test(value)) return value;
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\0', '\\0');
}

export function tableLine(fields: readonly (string | number)[]): string {
  return `${fields.map((field) => escapeField(String(field))).join('\t')}\n`;
}
