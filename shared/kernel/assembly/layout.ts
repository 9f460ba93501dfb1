/**
 * Where things lie in the kernel's memory: the numbers that both sides know. AssemblyScript compiles this
 * file and TypeScript imports it, where `u32` is a number (../machine-types.d.ts); so it holds constants only.
 *
 *   state        what one scanning thread keeps between calls, in bytes from its beginning
 *   columns      of a batch, in bytes of each row before them
 *   dictionary   the distinct values of one column of a batch
 *   courses      a table of the courses that were met
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
export const LATE: u32 = 1060;
/** Events with a time (f64, microseconds) before this are late. */
export const LATE_BEFORE: u32 = 1064;
/** The table of courses that were met: see courses.ts. */
export const COURSES: u32 = 1072;
/** The tables of distinct values, one for each dictionary column: see dictionary.ts. */
export const DICTIONARIES: u32 = 1076;
export const STATE_BYTES: u32 = 2048;

/** The kinds. */
export const ABSENT: u32 = 0;
/** A string without escapes; its slot spans what stands between the quotes. */
export const STRING: u32 = 1;
/** A string with escapes; its slot spans what stands between the quotes. */
export const ESCAPED: u32 = 2;
export const NULL: u32 = 3;
/** NaN, true, a number and so on; the slot spans the text. */
export const OTHER: u32 = 4;
export const OBJECT: u32 = 5;

/** The slots; those of the text fields come first, in the order of ../../tracking/line-rules.ts. */
export const EVENT_TYPE_SLOT: u32 = 0;
export const NAME_SLOT: u32 = 1;
export const EVENT_SOURCE_SLOT: u32 = 2;
export const USERNAME_SLOT: u32 = 3;
export const SESSION_SLOT: u32 = 4;
export const IP_SLOT: u32 = 5;
export const AGENT_SLOT: u32 = 6;
export const HOST_SLOT: u32 = 7;
export const PAGE_SLOT: u32 = 8;
export const REFERER_SLOT: u32 = 9;
export const ORG_ID_SLOT: u32 = 10;
export const PATH_SLOT: u32 = 11;
export const TEXT_SLOTS: u32 = 12;
export const TIME_SLOT: u32 = 12;
export const EVENT_SLOT: u32 = 13;
export const CONTEXT_SLOT: u32 = 14;
export const USER_ID_SLOT: u32 = 15;
export const COURSE_ID_SLOT: u32 = 16;
export const SLOTS: u32 = 17;

/** The columns, the widest first so that each is aligned where the capacity is a multiple of eight. */
export const DICTIONARY_COLUMNS: u32 = 6;
export const TEXT_COLUMNS: u32 = 6;
export const TIME_US: u32 = 0;
export const USER_ID: u32 = 8;
export const RAW_START: u32 = 16;
export const RAW_LENGTH: u32 = 20;
export const JSON_AT: u32 = 24;
export const LINE_NUMBER: u32 = 28;
export const COURSE: u32 = 32;
export const ORDER: u32 = 36;
export const INDEXES: u32 = 40;
export const TEXT_STARTS: u32 = INDEXES + 4 * DICTIONARY_COLUMNS;
export const TEXT_LENGTHS: u32 = TEXT_STARTS + 4 * TEXT_COLUMNS;
export const FLAGS: u32 = TEXT_LENGTHS + 4 * TEXT_COLUMNS;
export const ROW_BYTES: u32 = FLAGS + 1;
/** In FLAGS: the event is older than its log date allows. */
export const IS_LATE: u32 = 4;

/** The head of a dictionary: how many values there are, slots less one, and the places of its parts (u32). */
export const COUNT: u32 = 0;
export const MASK: u32 = 4;
export const VALUE_SLOTS: u32 = 8;
export const VALUE_HASHES: u32 = 12;
export const VALUE_STARTS: u32 = 16;
export const VALUE_LENGTHS: u32 = 20;
export const DICTIONARY_BYTES: u32 = 24;
/** Of each value that there is room for: two slots, a hash, its start and its length. */
export const VALUE_BYTES: u32 = 20;

/** The slots of the table of courses. */
export const COURSE_SLOTS: u32 = 2048;
export const COURSE_SLOT_BYTES: u32 = 256;
export const COURSES_BYTES: u32 = COURSE_SLOTS * COURSE_SLOT_BYTES;
