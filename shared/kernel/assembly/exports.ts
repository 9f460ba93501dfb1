/** What JavaScript calls: see ../kernel.ts for what each expects. */
export { findByte } from './bytes';
export { rememberCourse } from './courses';
export { emptyDictionary, numberOf } from './dictionary';
export { encodeStrings, measureStrings } from './encode-strings';
export { findSecret } from './find-secret';
export { walk } from './json-walk';
export { scanLines } from './scan-lines';
