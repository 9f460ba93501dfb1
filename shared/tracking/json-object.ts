/**
 * The plain way to read one JSON object: JSON.parse decides whether it is one, a walk over the
 * proven text finds where each member's value stands.
 *
 *   in    {"a": [1, NaN], "b": "x\"y"}
 *   out   a → `[1, NaN]`, b → `"x\"y"`        (texts, exactly as they stand)
 *
 * Strings in and out are latin1 views of bytes. NaN and Infinity are values here, because Python
 * writes them and real logs hold them. A key that comes twice keeps its last value.
 */

import { keep, type Outcome, reject } from '#shared/outcome';
import { decodeString } from './decode-string.js';
import { findFault, type JsonFault } from './json-fault.js';
import { JSON_DEPTH_MAX } from './line-rules.js';

export type ObjectMembers = ReadonlyMap<string, string>;

const SPACE = /[ \t\r\n]/;
const DELIMITER = /[\s{}[\],:"]/;

export function readObject(text: string): Outcome<ObjectMembers, JsonFault['reason']> {
  try {
    JSON.parse(withoutNonFinite(text));
  } catch {
    const fault = findFault(text);
    return reject(fault.reason, fault.detail);
  }
  const members = new Map<string, string>();
  let depth = 0;
  let key = '';
  let valueFrom = -1;
  for (let at = 0; at < text.length; ) {
    const end = tokenEnd(text, at);
    const token = text[at];
    if (valueFrom < 0 && depth === 1 && token === '"') {
      key = decodeText(text.slice(at + 1, end - 1));
      // The colon is the next token, whatever white space stands around it.
      valueFrom = text.indexOf(':', end) + 1;
      at = valueFrom;
      continue;
    }
    if (depth === 1 && (token === ',' || token === '}') && valueFrom >= 0) {
      members.set(
        key,
        text
          .slice(valueFrom, at)
          .replace(/^[ \t\r\n]+/, '')
          .trimEnd(),
      );
      valueFrom = -1;
    }
    if (token === '{' || token === '[') depth++;
    if (token === '}' || token === ']') depth--;
    if (depth > JSON_DEPTH_MAX) {
      const fault = findFault(text);
      return reject(fault.reason, fault.detail);
    }
    at = end;
  }
  return keep(members);
}

/** The text of a JSON string without its quotes, escapes decoded. */
export function decodeText(inner: string): string {
  if (!inner.includes('\\')) return inner;
  const bytes = Buffer.from(inner, 'latin1');
  return decodeString(bytes, 0, bytes.length).toString('latin1');
}

/** NaN and the infinities become null where they stand as values; anywhere else that is an error. */
function withoutNonFinite(text: string): string {
  if (!text.includes('NaN') && !text.includes('Infinity')) return text;
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = tokenEnd(text, at);
    const token = text.slice(at, end);
    pieces.push(/^(?:NaN|-?Infinity)$/.test(token) ? 'null' : token);
    at = end;
  }
  return pieces.join('');
}

/** The end of the token at `at`; the text need not be valid. */
function tokenEnd(text: string, at: number): number {
  const first = text[at] ?? '';
  if (first === '"') return stringEnd(text, at);
  let end = at + 1;
  if (SPACE.test(first)) {
    while (end < text.length && SPACE.test(text[end] ?? '')) end++;
  } else if (!DELIMITER.test(first)) {
    while (end < text.length && !DELIMITER.test(text[end] ?? '')) end++;
  }
  return end;
}

function stringEnd(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}
