/**
 * What a process that runs has taken so far, as the kernel counts it, for programs that are not started for
 * one measurement alone. Linux only: elsewhere everything is 0.
 */
import { readFileSync } from 'node:fs';

export interface ProcessUsage {
  /** User and system time since it started. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** Of `/proc/<pid>/stat`; it is 100 on every Linux that Node.js runs on. */
const TICKS_A_SECOND = 100;
const USER_TICKS_AT = 11;
const SYSTEM_TICKS_AT = 12;

export function usageOf(pid: number): ProcessUsage {
  const stat = textOf(`/proc/${pid}/stat`);
  // The second field is a name in brackets, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[USER_TICKS_AT] ?? 0) + Number(fields[SYSTEM_TICKS_AT] ?? 0);
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/status`))?.[1];
  return { cpuSeconds: ticks / TICKS_A_SECOND, peakBytes: Number(peak ?? 0) * 1024 };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
