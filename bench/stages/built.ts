/**
 * A stage is measured as it ships: these files run under a loader, but everything of edxstream that they
 * call comes from `dist/`, as compiled.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { assert } from '#shared/errors';

const DIST = path.resolve(import.meta.dirname, '../../dist');

/** A module of a service, by its path without extension, such as `services/merge/merge-by-time`. */
export async function importBuilt<Module>(name: string): Promise<Module> {
  const shared = import.meta.resolve('#shared/errors');
  assert(shared.includes('/dist/'), 'a stage is measured with the built program');
  const url = pathToFileURL(path.join(DIST, `${name}.js`)).href;
  // The caller names the type of the source that this file was compiled from.
  return (await import(url)) as Module;
}
