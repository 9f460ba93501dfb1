/**
 * One record of a CSV file → its fields, or that it goes on in the next line.
 *
 * A quote opens a quoted field only where a field begins, and is doubled inside one; a quote anywhere
 * else is data, because names of people have them and not every writer quotes.
 */
const QUOTE = '"';

export type CsvRecord =
  | { readonly kind: 'whole'; readonly fields: readonly string[] }
  /** A quote is still open at the end. */
  | { readonly kind: 'open' };

export function splitCsvRecord(text: string): CsvRecord {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    let value = '';
    if (text[at] === QUOTE) {
      at += 1;
      for (;;) {
        const quote = text.indexOf(QUOTE, at);
        if (quote < 0) return { kind: 'open' };
        value += text.slice(at, quote);
        at = quote + 1;
        if (text[at] !== QUOTE) break;
        value += QUOTE;
        at += 1;
      }
    }
    const comma = text.indexOf(',', at);
    value += text.slice(at, comma < 0 ? text.length : comma);
    fields.push(value);
    if (comma < 0) return { kind: 'whole', fields };
    at = comma + 1;
  }
}
