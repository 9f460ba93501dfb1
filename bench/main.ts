/** `npm run bench`: measures, prints, and writes what it found. */
import { describeCommit, describeMachine } from './machine.js';
import { parseOptions, USAGE } from './options.js';
import { ratiosOf } from './ratios.js';
import { renderMarkdown, renderReport } from './render-report.js';
import {
  type BenchResult,
  readBaseline,
  writeBaseline,
  writeReadme,
  writeResult,
} from './results.js';
import { runBench } from './run-bench.js';
import { summarise } from './samples.js';

const options = parseOptions(process.argv.slice(2));
if (options === 'help') {
  process.stdout.write(USAGE);
} else {
  const [commit, machine] = [await describeCommit(), await describeMachine()];
  const { archive, runs } = await runBench(options, (text) => process.stderr.write(text));
  const { lines, plaintextBytes, storedBytes, files } = archive;
  const result: BenchResult = {
    date: new Date().toISOString(),
    commit,
    machine,
    archive: { lines, plaintextBytes, storedBytes, days: options.days, logFiles: files.length },
    ratios: ratiosOf(runs),
    summaries: summarise(runs.flat()),
    runs,
  };
  process.stdout.write(`\n${renderReport(result, await readBaseline())}\n`);
  process.stderr.write(`Written: ${await writeResult(result, options)}\n`);
  if (options.accept) await writeBaseline(result);
  if (options.writeReadme) await writeReadme(renderMarkdown(result));
}
