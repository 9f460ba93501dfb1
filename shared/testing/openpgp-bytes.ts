/**
 * Messages in shapes that gpg no longer writes, and members that are read from memory.
 */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import type { MemberSource } from '#shared/packages/member-source';

export type LengthForm = 'old' | 'new' | 'to-the-end' | { readonly partLog2: number };

/** A packet with its length written in the form asked for. */
export function packet(tag: number, body: Buffer, form: LengthForm = 'new'): Buffer {
  if (form === 'new') return Buffer.concat([Buffer.of(0xc0 | tag), newLength(body.length), body]);
  if (form === 'to-the-end') return Buffer.concat([Buffer.of(0x80 | (tag << 2) | 3), body]);
  if (form === 'old') {
    const type = body.length < 256 ? 0 : body.length < 65536 ? 1 : 2;
    const length = Buffer.alloc(1 << type);
    length.writeUIntBE(body.length, 0, length.length);
    return Buffer.concat([Buffer.of(0x80 | (tag << 2) | type), length, body]);
  }
  const pieces: Buffer[] = [Buffer.of(0xc0 | tag)];
  const partBytes = 1 << form.partLog2;
  let from = 0;
  for (; body.length - from >= partBytes; from += partBytes) {
    pieces.push(Buffer.of(0xe0 | form.partLog2), body.subarray(from, from + partBytes));
  }
  const last = body.subarray(from);
  pieces.push(newLength(last.length), last);
  return Buffer.concat(pieces);
}

function newLength(count: number): Buffer {
  if (count < 192) return Buffer.of(count);
  if (count < 8384) return Buffer.of(((count - 192) >> 8) + 192, (count - 192) & 0xff);
  const length = Buffer.alloc(5, 0xff);
  length.writeUInt32BE(count, 1);
  return length;
}

export function literal(content: Buffer, form: LengthForm = 'new', format = 'b'): Buffer {
  const name = Buffer.from('name of the file');
  const head = Buffer.concat([Buffer.of(format.charCodeAt(0), name.length), name, Buffer.alloc(4)]);
  return packet(11, Buffer.concat([head, content]), form);
}

/** Encrypts packets as tag 18 (with integrity code) with OpenSSL's own CFB, AES256. */
export function protectedPacket(key: Buffer, packets: Buffer, form: LengthForm = 'new'): Buffer {
  const prefix = randomBytes(16);
  const hashed = Buffer.concat([prefix, prefix.subarray(14), packets, Buffer.of(0xd3, 0x14)]);
  const code = createHash('sha1').update(hashed).digest();
  const cipher = createCipheriv('aes-256-cfb', key, Buffer.alloc(16));
  const encrypted = Buffer.concat([cipher.update(hashed), cipher.update(code), cipher.final()]);
  return packet(18, Buffer.concat([Buffer.of(1), encrypted]), form);
}

/** A member held in memory, given out in chunks of the sizes asked for, the last size repeated. */
export function memberOf(bytes: Buffer, chunkSizes: readonly number[] = [1 << 20]): MemberSource {
  return {
    name: 'prod-edxapp-003/2013-10-22_UniversityA.log.gpg',
    async *open() {
      let index = 0;
      for (let from = 0; from < bytes.length; index += 1) {
        const count = Math.max(1, chunkSizes[Math.min(index, chunkSizes.length - 1)] ?? 1);
        // A copy: a reader that wrote into its source would be found out by the second reading.
        yield Buffer.from(bytes.subarray(from, from + count));
        from += count;
      }
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Encrypts packets as tag 20, the authenticated packet of GnuPG 2.3 and later: AES256 and OCB. */
export function ocbPacket(key: Buffer, packets: Buffer, chunkSize = 4): Buffer {
  const head = Buffer.of(1, 9, 2, chunkSize);
  const iv = randomBytes(15);
  const chunkBytes = 1 << (chunkSize + 6);
  const pieces: Buffer[] = [head, iv];
  const seal = (index: number, plain: Buffer, more: Buffer) => {
    const count = Buffer.alloc(8);
    count.writeBigUInt64BE(BigInt(index));
    const nonce = Buffer.from(iv);
    for (const [at, byte] of count.entries()) nonce[7 + at] = (nonce[7 + at] ?? 0) ^ byte;
    const cipher = createCipheriv('aes-256-ocb', key, nonce, { authTagLength: 16 });
    cipher.setAAD(Buffer.concat([Buffer.of(0xc0 | 20), head, count, more]));
    pieces.push(cipher.update(plain), cipher.final(), cipher.getAuthTag());
  };
  let index = 0;
  for (let from = 0; from < packets.length; from += chunkBytes, index += 1) {
    seal(index, packets.subarray(from, from + chunkBytes), Buffer.alloc(0));
  }
  const total = Buffer.alloc(8);
  total.writeBigUInt64BE(BigInt(packets.length));
  seal(index, Buffer.alloc(0), total);
  return packet(20, Buffer.concat(pieces));
}

/** Encrypts packets as tag 9, without integrity code, whose feedback begins anew after the prefix. */
export function unprotectedPacket(key: Buffer, packets: Buffer): Buffer {
  const prefix = randomBytes(16);
  const first = createCipheriv('aes-256-cfb', key, Buffer.alloc(16));
  const head = first.update(Buffer.concat([prefix, prefix.subarray(14)]));
  const second = createCipheriv('aes-256-cfb', key, head.subarray(2));
  return packet(9, Buffer.concat([head, second.update(packets), second.final()]));
}
