/**
 * What one would do by hand: `gpg -d` of every log file, one after another, into a named pipe, and one
 * INSERT that reads the pipe as JSONEachRow into the same embedded ClickHouse.
 *
 *   node by-hand.mjs <data directory> <file with the paths of the log files, one a line>
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Session } from 'chdb';

const [data, list] = process.argv.slice(2);
const sql = readFileSync(new URL('by-hand.sql', import.meta.url), 'utf8');
const [createTable, insert] = sql.split(/;\n/);
const directory = mkdtempSync(path.join(tmpdir(), 'by-hand-'));
const pipe = path.join(directory, 'pipe');
execFileSync('mkfifo', ['-m', '600', pipe]);

const session = new Session(data);
await session.queryAsync(createTable);
const script =
  'while read -r file; do gpg --batch --quiet --decrypt "$file" || exit 1; done < "$1" > "$2"';
const gpg = spawn('sh', ['-c', script, 'sh', list, pipe], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
const decrypted = new Promise((resolve, reject) => {
  gpg.on('error', reject);
  gpg.on('close', (status) => {
    if (status === 0) resolve();
    else reject(new Error(`gpg ended with ${status}`));
  });
});
await Promise.all([decrypted, session.queryAsync(insert.replace('<pipe>', pipe))]);
session.close();
rmSync(directory, { recursive: true });
