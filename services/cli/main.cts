#!/usr/bin/env node
/**
 * Where the command `edxstream` starts. It is CommonJS for one reason: the modules of ECMAScript are
 * read by libuv's threads, which are as many from then on as they were at that moment. A named pipe and a
 * query hold a thread each for as long as they run, so four of them (the default) are too few.
 */
// libuv reads its setting from there, before anything else runs.
const { env } = process;
const { UV_THREADPOOL_SIZE = '16' } = env;
// The engine's allocator reads this when it is loaded. By itself it keeps memory that was freed for five seconds,
// and the peak of a load grew with its length. Giving it back sooner costs page faults: with one second a load took
// 4 % longer than with two and a half, with 0.2 s a tenth. Large pages save faults too.
const { JE_MALLOC_CONF = 'dirty_decay_ms:2500,muzzy_decay_ms:0,thp:always' } = env;
// The AWS SDK would tell every user of Node.js 20 on standard error that its next versions want another.
const AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
Object.assign(env, {
  UV_THREADPOOL_SIZE,
  JE_MALLOC_CONF,
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED,
});

import('./main.js').catch((error: unknown) => {
  process.stderr.write(`edxstream cannot start: ${String(error)}\n`);
  process.exitCode = 70;
});
