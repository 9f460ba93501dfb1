/** Decryption alone: every log file opened, verified, inflated, and let go of; one after another. */
import { runInWorker } from './in-worker.js';
import { plaintextOf, readKeys, stageInput, timed } from './stage-input.js';

await runInWorker(import.meta.url, async () => {
  const { files, key } = stageInput();
  const keys = await readKeys(key);
  return timed(async () => {
    let plaintextBytes = 0;
    for (const file of files) {
      for await (const chunk of plaintextOf(file, keys)) plaintextBytes += chunk.length;
    }
    return { events: 0, plaintextBytes, checksum: `${plaintextBytes} bytes` };
  });
});
