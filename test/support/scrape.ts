/** The metrics of a process of a test, by the name and labels of each series. */
import type { Running } from './edxstream.js';

export async function scrape(running: Running): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`${urlOf(running)}/metrics`)).text();
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    series.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** Where a process serves metrics and health, as it says itself when it starts. */
export function urlOf({ said }: Running): string {
  const url = /"url":"([^"]+)"/.exec(said())?.[1];
  if (url === undefined) throw new Error(`The process serves nothing yet: ${said()}`);
  return url;
}
