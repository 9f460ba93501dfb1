/**
 * The records of a pax extended header: `27 path=prod-edxapp-003/…\n`, where 27 counts the bytes of
 * the whole record, itself included. In goes the body of the header, out come keys and values, or
 * undefined where the records do not add up. The count is of bytes, so a name of two-byte letters
 * must not be cut as text.
 */
export function readPaxRecords(body: Buffer): ReadonlyMap<string, string> | undefined {
  const records = new Map<string, string>();
  let at = 0;
  // Some writers fill the last block with NUL and count the filling.
  while (at < body.length && body[at] !== 0) {
    const space = body.indexOf(0x20, at);
    const digits = space === -1 ? '' : body.toString('latin1', at, space);
    if (!/^\d{1,10}$/.test(digits)) return undefined;
    const end = at + Number(digits);
    const equals = body.indexOf(0x3d, space);
    if (end > body.length || equals === -1 || equals >= end || body[end - 1] !== 0x0a) {
      return undefined;
    }
    records.set(
      body.toString('utf8', space + 1, equals),
      body.toString('utf8', equals + 1, end - 1),
    );
    at = end;
  }
  return records;
}
