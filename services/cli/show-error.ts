/**
 * An error at the prompt is two lines: what happened, with its code, and what to do about it. A stack
 * trace comes with --debug only.
 */
import { EdxstreamError, ERRORS } from '#shared/errors';
import { EXIT } from './exit-status.js';
import { Interrupted } from './shell.js';

export interface ShownError {
  readonly text: string;
  readonly exitStatus: number;
  readonly code: string;
  readonly detail: string;
  readonly next: string;
}

export function showError(error: unknown, { isDebug }: { readonly isDebug: boolean }): ShownError {
  if (error instanceof Interrupted) {
    const next = 'Run the same command again: it continues where this one stopped.';
    return shown({ code: 'INTERRUPTED', detail: error.message, next }, EXIT.interrupted);
  }
  const code = error instanceof EdxstreamError ? error.code : 'BUG';
  const detail = error instanceof Error ? error.message : String(error);
  const { next, exit } = ERRORS[code];
  const stack = isDebug ? `\n${traceOf(error)}` : '';
  return shown({ code, detail, next }, exit, stack);
}

function shown(
  parts: { readonly code: string; readonly detail: string; readonly next: string },
  exitStatus: number,
  stack = '',
): ShownError {
  return {
    ...parts,
    exitStatus,
    text: `${parts.code}: ${parts.detail}\n  ${parts.next}\n${stack}`,
  };
}

function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const cause = error.cause === undefined ? '' : `Caused by ${traceOf(error.cause)}`;
  return `${error.stack ?? error.message}\n${cause}`;
}
