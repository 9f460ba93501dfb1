// The compiler copies no SQL: the built program finds its schema beside itself.
import { cpSync } from 'node:fs';

cpSync('shared/warehouse/schema', 'dist/shared/warehouse/schema', { recursive: true });
