import { join } from 'node:path';
import { expect, test } from 'vitest';
import { settingsDocument } from './testing/settings-document.js';

const DOCUMENT = join(import.meta.dirname, '../../docs/settings.md');

test('docs/settings.md says what the settings tables say (npm run fix)', async () => {
  await expect(settingsDocument()).toMatchFileSnapshot(DOCUMENT);
});
