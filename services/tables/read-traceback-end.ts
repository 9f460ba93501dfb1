/**
 * The plaintext of a `.failed` member is the traceback of edX's exporter where a table should be.
 * Its last line says what went wrong there.
 */
import type { FileFault } from './encoded-part.js';

const KEPT_BYTES = 4096;
const REASON_CHARACTERS_MAX = 300;

export async function readTracebackEnd(plaintext: AsyncIterable<Buffer>): Promise<FileFault> {
  let end: Buffer = Buffer.alloc(0);
  for await (const chunk of plaintext) {
    end = Buffer.concat([end, chunk.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES);
  }
  const lines = end
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const last = (lines.at(-1) ?? 'the traceback is empty').slice(0, REASON_CHARACTERS_MAX);
  return {
    kind: 'fault',
    reason: 'export-failed',
    detail: `edX's own export of this table failed: ${last}. Earlier snapshots stay; ask edX for the package again if this one matters.`,
  };
}
