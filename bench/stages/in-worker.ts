/** A stage runs in a worker thread, as it does in a load: the heap of a worker is set up in another way. */
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { giveHeapRoom } from '#shared/openpgp/heap-room';
import type { StageAnswer } from './stage-input.js';

/** Call it last in the file of a stage, with `import.meta.url`. */
export async function runInWorker(url: string, work: () => Promise<StageAnswer>): Promise<void> {
  if (!isMainThread) {
    parentPort?.postMessage(await work());
    return;
  }
  giveHeapRoom();
  // The loader that `--import tsx` brings is for the main thread; a worker registers its own.
  const start = `import('tsx/esm/api').then(({ register }) => {
    register();
    return import(${JSON.stringify(url)});
  })`;
  const worker = new Worker(start, { eval: true, argv: process.argv.slice(2), execArgv: [] });
  const answer = await new Promise<StageAnswer>((resolve, reject) => {
    worker.on('message', resolve);
    worker.on('error', reject);
  });
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
