import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { TemporaryGpgHome } from '#shared/testing/temporary-gpg-home';
import { readFileFormat } from './file-format.js';
import { overBuffer } from './random-access.js';

async function formatOf(bytes: Buffer): Promise<string> {
  const format = await readFileFormat(overBuffer(bytes));
  return format.kind === 'foreign' ? format.detail : format.kind;
}

test('what gpg writes is a message, its keys are not', async () => {
  await using home = await TemporaryGpgHome.create();
  const czar = 'czar@universitya.example';
  await home.makeKey({ userId: czar });
  const plaintext = Buffer.from('{"event_type": "/"}\n');
  expect(await formatOf(await home.encrypt(plaintext, [czar]))).toBe('message');
  expect(await formatOf(await home.encrypt(plaintext, [czar], ['--armor']))).toBe('message');
  expect(await formatOf(await home.exportSecret(czar))).toContain('neither');
  expect(await formatOf(await home.exportSecret(czar, { armor: true }))).toContain('--key');
});

test('a tar is seen from its first header, also where it is damaged or empty', async () => {
  const packed = pack();
  packed.entry({ name: 'a' }, 'a');
  packed.finalize();
  const tar = await buffer(packed);
  expect(await formatOf(tar)).toBe('tar');
  const damaged = Buffer.from(tar);
  damaged.writeUInt8(0x7a, 0);
  expect(await formatOf(damaged)).toBe('tar');
  expect(await formatOf(Buffer.alloc(10_240))).toBe('tar');
});

test('a zip is seen from its first member or from its end', async () => {
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from('a'), 'a');
  zip.end();
  const bytes = await buffer(zip.outputStream);
  expect(await formatOf(bytes)).toBe('zip');
  expect(await formatOf(bytes.subarray(0, 20))).toBe('zip');
  expect(await formatOf(Buffer.concat([Buffer.from('#!/bin/sh\n'), bytes]))).toBe('zip');
});

test('what is none of these is said in words', async () => {
  expect(await formatOf(Buffer.alloc(0))).toBe('it is empty');
  expect(await formatOf(gzipSync('tar'))).toContain('gunzip');
  expect(await formatOf(Buffer.from('{"lines": 3}'))).toContain('neither a tar, nor a zip');
});
