import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Fingerprints } from './fingerprint.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edxstream-fingerprint-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const KIB = 1024;

async function fingerprintOf(body: Buffer, { before = 0 } = {}): Promise<string> {
  const path = join(folder, 'package');
  writeFileSync(path, Buffer.concat([Buffer.alloc(before, 1), body, Buffer.alloc(100, 2)]));
  return new Fingerprints().of({ path, offset: before, bytes: body.length, compression: 'none' });
}

test('it is SHA-256 over size, first KiB and last KiB', async () => {
  const body = Buffer.from(Array.from({ length: 200 * KIB }, (_, at) => at % 251));
  const expected = createHash('sha256')
    .update(`${body.length}\n`)
    .update(body.subarray(0, KIB))
    .update(body.subarray(-KIB))
    .digest('hex');
  expect(await fingerprintOf(body)).toBe(expected);
});

test('it does not depend on where in a package the member lies', async () => {
  const body = Buffer.alloc(70 * KIB, 7);
  expect(await fingerprintOf(body, { before: 5000 })).toBe(await fingerprintOf(body));
});

test('it differs by size, by head and by tail, down to the empty member', async () => {
  const body = Buffer.alloc(200 * KIB);
  const otherHead = Buffer.from(body).fill(1, 0, 1);
  const otherTail = Buffer.from(body).fill(1, body.length - 1);
  const all = [body, otherHead, otherTail, body.subarray(1), body.subarray(0, 3), Buffer.alloc(0)];
  const prints = new Set<string>();
  for (const one of all) prints.add(await fingerprintOf(one));
  expect(prints.size).toBe(all.length);
});
