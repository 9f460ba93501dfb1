/**
 * Where the state of one scanning thread lies in its block of memory, in bytes from its beginning.
 * `../scan-state.ts` reads and writes the same places; a test holds the two files together.
 */

/** What stands at the slots of a line (see json-walk.ts): a kind (u8), where it begins and ends (u32). */
export const KIND: u32 = 0;
export const START: u32 = 32;
export const END: u32 = 128;
/** Room to decode the name of a member that is written with escapes. */
export const NAME: u32 = 200;
/** One byte for each level of nesting: 1 inside an object, 0 inside an array. */
export const IS_OBJECT: u32 = 256;

/** Where the first line that is not read yet begins. */
export const LINE_START: u32 = 1024;
/** The end of what is filled of the window. */
export const FILLED: u32 = 1028;
/** The next place where the name of a secret may stand; lines that end behind it are not for us. */
export const CANDIDATE: u32 = 1032;
/** The number of the line that begins at LINE_START. */
export const LINE: u32 = 1036;
export const ROWS: u32 = 1040;
/** How many rows the columns have room for. */
export const CAPACITY: u32 = 1044;
export const COLUMNS: u32 = 1048;
export const LINE_BYTES_MAX: u32 = 1052;
/** The end of the line that begins at LINE_START, where it needs the caller. */
export const LINE_END: u32 = 1056;
export const LATE: u32 = 1060;
/** Events with a time (f64, microseconds) before this are late. */
export const LATE_BEFORE: u32 = 1064;
/** The table of courses that were met: see courses.ts. */
export const COURSES: u32 = 1072;
/** The tables of distinct values, one for each dictionary column: see dictionary.ts. */
export const DICTIONARIES: u32 = 1076;
export const STATE_BYTES: u32 = 2048;

/** The columns of a batch, in bytes a row of capacity before them: see ../batch-memory.ts. */
export const TIME_US: u32 = 0;
export const USER_ID: u32 = 8;
export const RAW_START: u32 = 16;
export const RAW_LENGTH: u32 = 20;
export const JSON_AT: u32 = 24;
export const LINE_NUMBER: u32 = 28;
export const COURSE: u32 = 32;
export const ORDER: u32 = 36;
export const INDEXES: u32 = 40;
export const TEXT_STARTS: u32 = 64;
export const TEXT_LENGTHS: u32 = 88;
export const FLAGS: u32 = 112;

export const DICTIONARY_COLUMNS: u32 = 6;
export const TEXT_COLUMNS: u32 = 6;
