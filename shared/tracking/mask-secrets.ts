/**
 * Puts asterisks over passwords, in place and byte for byte, in lines that may be broken.
 *
 *   "event": "{\"POST\": {\"password\": [\"hunter2\"], \"email\": [\"a@b.c\"]}}"
 *   "event": "{\"POST\": {\"password\": [\"*******\"], \"email\": [\"a@b.c\"]}}"
 *
 * Two steps: a search that is cheap enough for every byte finds where the name of a secret may stand,
 * and only there the line is looked at (secret-name.ts, secret-values.ts).
 */
import { trimmedEnd } from './line-rules.js';
import { SecretValues } from './secret-values.js';

interface Needle {
  readonly bytes: Buffer;
  /** One of these must stand before it; '' is anything. */
  readonly before: string;
  /** One of these must stand after it; '' is anything. */
  readonly after: string;
}

/**
 * What every name of a secret holds: the tail of a noun, or a letter that is written as an escape.
 * The native search looks for the first byte, so a tail that begins with a rare one costs a fraction
 * of the whole word: 0.3 ms instead of 3.8 in 8 MiB. What must stand beside it weeds out `keyword`
 * and escapes of what is no ASCII letter. The most frequent comes first.
 */
const NEEDLES: readonly Needle[] = [
  { bytes: Buffer.from('word', 'latin1'), before: 'sS', after: '' },
  { bytes: Buffer.from('Word', 'latin1'), before: 's', after: '' },
  { bytes: Buffer.from('wd', 'latin1'), before: 'psPS', after: '' },
  { bytes: Buffer.from('WD', 'latin1'), before: 'P', after: '' },
  { bytes: Buffer.from('hrase', 'latin1'), before: 'pP', after: '' },
  { bytes: Buffer.from('PASS', 'latin1'), before: '', after: '' },
  { bytes: Buffer.from('\\u00', 'latin1'), before: '', after: '4567' },
];
/** How far the longest needle reaches, with what stands after it. */
const NEEDLE_BYTES_MAX = 5;

/**
 * The search goes in steps, so that a frequent needle does not make every call look for the rare ones
 * up to the end of the window. Each step is twice as long as the one before: what is looked at beyond
 * the next needle is at most a few times what lies before it, and a window without any takes few calls.
 */
const FIRST_STEP_BYTES = 1 << 10;

/**
 * The next offset in [from, to) that may lie in the name of a secret, or -1. It covers the names
 * that end in `password`, `passwd`, `pwd` or `passphrase` or hold one of them, in lower case, upper
 * case, capitalised and camel case (`newPassword`, `passWord`), and those with letters as JSON
 * escapes (`passw\u006frd`); a name with letters as percent escapes is not found.
 */
export function findSecretCandidate(bytes: Buffer, from: number, to: number): number {
  let stepBytes = FIRST_STEP_BYTES;
  let step = from;
  while (step < to) {
    // A needle may lie across the edge of two steps, so the steps overlap by what one can reach.
    const stepEnd = Math.min(to, step + stepBytes + NEEDLE_BYTES_MAX);
    const nearest = nearestNeedle(bytes, from, step, stepEnd);
    if (nearest >= 0) return nearest;
    step += stepBytes;
    stepBytes *= 2;
  }
  return -1;
}

function nearestNeedle(bytes: Buffer, from: number, step: number, stepEnd: number): number {
  let view = bytes.subarray(step, stepEnd);
  let nearest = -1;
  for (const needle of NEEDLES) {
    let at = view.indexOf(needle.bytes);
    while (at >= 0 && (nearest < 0 || at < nearest)) {
      if (isFitting(needle, bytes, from, step + at)) {
        nearest = at;
        // The other needles matter only where they stand before this one.
        view = view.subarray(0, at + NEEDLE_BYTES_MAX);
        break;
      }
      at = view.indexOf(needle.bytes, at + 1);
    }
  }
  return nearest < 0 ? -1 : step + nearest;
}

function isFitting(needle: Needle, bytes: Buffer, from: number, at: number): boolean {
  const { before, after } = needle;
  if (before !== '' && (at === from || !before.includes(characterAt(bytes, at - 1)))) return false;
  return after === '' || after.includes(characterAt(bytes, at + needle.bytes.length));
}

function characterAt(bytes: Buffer, at: number): string {
  return String.fromCharCode(bytes[at] ?? 0);
}

/** Masks the secrets of the line bytes[from, to); how many values it changed, 0 for none. */
export function maskSecrets(bytes: Uint8Array, from: number, to: number): number {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new SecretValues(view, from, trimmedEnd(view, from, to));
  let at = findSecretCandidate(view, from, to);
  while (at >= 0) {
    const next = values.maskAt(at);
    at = findSecretCandidate(view, Math.max(next, at + 1), to);
  }
  return values.masked;
}
