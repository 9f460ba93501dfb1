/** The version of the program, as package.json says it. */
import { readFileSync } from 'node:fs';

export function programVersion(): string {
  // From dist/services/cli as from services/cli, package.json is the first one above.
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      const content: unknown = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8'));
      if (typeof content === 'object' && content !== null && 'version' in content) {
        return String(content.version);
      }
    } catch {
      // The other place has it.
    }
  }
  return 'unknown';
}
