/**
 * One of many processes that race for a data directory, for directory-lock.test.ts:
 *
 *   race-for-lock.ts <directory> <until, in ms of the clock> <pid of a dead process>
 *
 * It takes the directory again and again, and gives it back or leaves it as a killed process would. It
 * writes as JSON how often it had the directory, and what went wrong.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { EdxstreamError } from '#shared/errors';
import { lockDirectory, lockPath } from '#shared/warehouse/directory-lock';

const [directory = '', until = '0', deadPid = '0'] = process.argv.slice(2);
const held = `${directory}.held`;
const faults: string[] = [];
let times = 0;

function attempt(round: number): void {
  let unlock: () => void;
  try {
    unlock = lockDirectory(directory, `race ${process.pid}`);
  } catch (error) {
    const isTold =
      error instanceof EdxstreamError &&
      /`edxstream race \d+` \(process \d+ on /.test(error.message);
    if (!isTold) faults.push(String(error));
    return;
  }
  times += 1;
  try {
    // Fails where somebody else has the directory at this moment.
    writeFileSync(held, '', { flag: 'wx' });
    rmSync(held);
  } catch (error) {
    faults.push(`two at once: ${String(error)}`);
  }
  if (round % 2 === 0) {
    unlock();
    return;
  }
  const dead = {
    pid: Number(deadPid),
    host: hostname(),
    command: 'killed',
    since: `round ${round} of ${process.pid}`,
  };
  // In one step, as a lock is put there: a text that is half-written would be that of no owner.
  writeFileSync(`${directory}.dead-${process.pid}`, JSON.stringify(dead));
  renameSync(`${directory}.dead-${process.pid}`, lockPath(directory));
}

for (let round = 0; Date.now() < Number(until); round += 1) attempt(round);
process.stdout.write(JSON.stringify({ times, faults: faults.slice(0, 5) }));
