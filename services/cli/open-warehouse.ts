/** Opens the warehouse that the settings name, for reading or for writing. */
import { existsSync } from 'node:fs';
import { EdxstreamError } from '#shared/errors';
import { type EmbeddedWarehouse, openEmbeddedWarehouse } from '#shared/warehouse/embedded';
import { migrate } from '#shared/warehouse/migrate';
import { recoverWarehouse } from './recover-warehouse.js';

export interface WarehousePlace {
  readonly data: string;
  readonly warehouse: string | undefined;
}

/** Makes it where it is not there, and brings it to the current schema. */
export async function openWarehouse(
  place: WarehousePlace,
  { command }: { readonly command: string },
): Promise<EmbeddedWarehouse> {
  refuseServer(place);
  const warehouse = await openEmbeddedWarehouse(place.data, { command });
  try {
    await migrate(warehouse);
    return warehouse;
  } catch (error) {
    await warehouse[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * The same for commands that only read: a directory that is not there is not made, and what a killed
 * command left half-way is taken back before anything is shown.
 */
export async function openExistingWarehouse(
  place: WarehousePlace,
  options: { readonly command: string },
): Promise<EmbeddedWarehouse> {
  refuseServer(place);
  if (!existsSync(place.data)) {
    throw new EdxstreamError('DATA_DIRECTORY_MISSING', `There is no data directory ${place.data}.`);
  }
  const warehouse = await openWarehouse(place, options);
  try {
    await recoverWarehouse(warehouse);
    return warehouse;
  } catch (error) {
    await warehouse[Symbol.asyncDispose]();
    throw error;
  }
}

export function refuseServer({ warehouse }: WarehousePlace): void {
  if (warehouse === undefined) return;
  throw new EdxstreamError(
    'SETTINGS',
    `--warehouse ${warehouse}: only the embedded warehouse is there yet; leave --warehouse (EDXSTREAM_WAREHOUSE) out and use --data.`,
  );
}
