/** Before any test: compiles the kernel where it is missing or older than its sources. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SOURCES = path.join(ROOT, 'shared/kernel/assembly');
const BUILT = path.join(ROOT, 'dist/shared/kernel/kernel.wasm');

export default function buildKernel(): void {
  const builtMs = statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const isStale = readdirSync(SOURCES).some(
    (name) => statSync(path.join(SOURCES, name)).mtimeMs > builtMs,
  );
  if (isStale) execFileSync('npm', ['run', '--silent', 'build:kernel'], { cwd: ROOT });
}
