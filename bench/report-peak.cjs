/**
 * Loaded before a measured program (`node --require`): when it ends, it leaves the peak of its resident
 * memory, as the kernel counted it, in the file that BENCH_PEAK_FILE names. CommonJS, because a module of
 * ECMAScript would start libuv's threads before the program has said how many it wants.
 */
const { writeFileSync } = require('node:fs');
const { isMainThread } = require('node:worker_threads');

const file = process.env.BENCH_PEAK_FILE;
if (isMainThread && file !== undefined) {
  process.on('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS * 1024)));
}
