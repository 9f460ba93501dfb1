/**
 * Writes a zip byte by byte: with names and sizes that no honest writer would let through.
 *
 *   [ local header | bytes ]…  [ directory ]  [ end of the directory ]
 */
import { writeFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

export interface StoredMember {
  readonly name: string;
  readonly bytes: Buffer;
  /** What `bytes` is the raw deflate stream of; without it the member is stored. */
  readonly deflatedFrom?: Buffer;
}

export async function storedZip(target: string, members: readonly StoredMember[]): Promise<void> {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, deflatedFrom } of members) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(deflatedFrom === undefined ? 0 : 8, 4);
    common.writeUInt16LE(0x4356, 8); // 2013-10-22
    common.writeUInt32LE(crc32(deflatedFrom ?? bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE((deflatedFrom ?? bytes).length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, Buffer.from(name), bytes]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    const head = Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 3])]);
    directory.push(head, common, tail, Buffer.from(name));
    parts.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 0, 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  await writeFile(target, Buffer.concat([...parts, listed, end]));
}
