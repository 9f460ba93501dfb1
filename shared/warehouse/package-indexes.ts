/** Remembers the indexes of packages in stores, as text, by path, ETag and size. */
import type { Warehouse } from '#shared/warehouse/warehouse';

export interface IndexedVersion {
  /** `s3://bucket/key` */
  readonly path: string;
  readonly etag: string;
  readonly bytes: number;
}

/** The text that was kept for this very version; undefined for none. */
export async function readPackageIndex(
  warehouse: Warehouse,
  { path, etag, bytes }: IndexedVersion,
): Promise<string | undefined> {
  const [row] = await warehouse.query<{ members: string }>(
    `SELECT members FROM package_indexes FINAL
     WHERE path = {path:String} AND etag = {etag:String} AND stored_bytes = {bytes:UInt64}`,
    { path, etag, bytes },
  );
  return row?.members;
}

/** Keeps a text in place of what was kept for earlier versions of the same path. */
export async function writePackageIndex(
  warehouse: Warehouse,
  { path, etag, bytes }: IndexedVersion,
  members: string,
): Promise<void> {
  const fields = [path, etag, String(bytes), members, new Date().toISOString().replace('Z', '')];
  const row = fields.map(escapeField).join('\t');
  await warehouse.bulkInsert({
    table: 'package_indexes',
    columns: ['path', 'etag', 'stored_bytes', 'members', 'indexed_at'],
    structure: 'path String, etag String, bytes UInt64, members String, at String',
    select: "path, etag, bytes, members, toDateTime64(at, 3, 'UTC')",
    format: 'TabSeparated',
    body: once(Buffer.from(`${row}\n`)),
  });
}

async function* once(chunk: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield chunk;
}

function escapeField(text: string): string {
  return text.replace(/[\\\t\n]/g, (character) =>
    character === '\\' ? '\\\\' : character === '\t' ? '\\t' : '\\n',
  );
}
