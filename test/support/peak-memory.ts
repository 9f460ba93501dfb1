/** The peak of the resident memory of a process, asked for while it runs; 0 where Linux is not there to ask. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

const LOOK_WAIT_MS = 100;

export function peakMemoryOf(child: ChildProcess): Promise<number> {
  let peakBytes = 0;
  const look = (): void => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peakBytes = Math.max(peakBytes, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // The process has ended, or this is no Linux.
    }
  };
  const timer = setInterval(look, LOOK_WAIT_MS);
  look();
  return new Promise((resolve) => {
    child.on('close', () => {
      clearInterval(timer);
      resolve(peakBytes);
    });
  });
}
