/** Lines that are no event (rejected), and lines that are nothing (blank). */
import type { OddLine, OddShape } from './odd-lines.js';
import { ordinaryLine } from './odd-parts.js';
import { escapeJson } from './session.js';
import type { RejectReason } from './tally.js';

function rejected(line: string, reason: RejectReason): readonly OddLine[] {
  return [{ line, outcome: { kind: 'rejected', reason, hasSecret: false } }];
}

const blank =
  (line: string): OddShape =>
  () => [{ line, outcome: { kind: 'blank' } }];

export const MALFORMED_SHAPES: Record<string, OddShape> = {
  'cut-at-10000': (session, nowUs) => {
    const line = ordinaryLine(session, nowUs);
    const html = escapeJson('<div class="problem">again</div>').repeat(400);
    return rejected(`${line.slice(0, -1)}, "event": "${html}`.slice(0, 10_000), 'cut');
  },
  'cut-early': (session, nowUs, random) =>
    rejected(ordinaryLine(session, nowUs).slice(0, random.between(1, 90)), 'cut'),
  'only-text': () => rejected('Traceback (most recent call last):', 'not-json'),
  'only-nul': () => rejected('\0'.repeat(64), 'not-json'),
  'json-number': () => rejected('1382400000', 'not-object'),
  'json-text': () => rejected('"page_close"', 'not-object'),
  'json-array': () => rejected('["page_close", 1]', 'not-object'),
  'python-repr': (session) =>
    rejected(`{'username': u'${session.username}', 'event_type': 'page_close'}`, 'not-json'),
  'bad-escape': (session) =>
    rejected(`{"username": "${session.username}", "event": "\\x41"}`, 'not-json'),
  'text-after': (session, nowUs) => rejected(`${ordinaryLine(session, nowUs)} # end`, 'not-json'),
  'nul-after': (session, nowUs) =>
    rejected(`${ordinaryLine(session, nowUs)}${'\0'.repeat(16)}`, 'not-json'),
  'two-objects': (session, nowUs) => {
    const line = ordinaryLine(session, nowUs);
    return rejected(line + line, 'not-json');
  },
  'raw-control-character': (session) =>
    rejected(`{"username": "${session.username}", "event": "a\u0001b"}`, 'not-json'),
  'raw-nul-inside': (session) =>
    rejected(`{"username": "${session.username}", "event": "a\0b"}`, 'not-json'),
  'trailing-comma': (session) => rejected(`{"username": "${session.username}",}`, 'not-json'),
  'blank-empty': blank(''),
  'blank-spaces': blank(' \t '),
  'blank-carriage-return': blank('\r'),
  'blank-form-feed': blank('\v\f'),
};
