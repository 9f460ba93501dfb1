/**
 * Opens the warehouse that the settings name, for reading or for writing.
 *
 *   --data       a directory: one process has it, also for reading
 *   --warehouse  a server: one process loads, any number read beside it
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { EdxstreamError } from '#shared/errors';
import type { EmbeddedWarehouse } from '#shared/warehouse/embedded';
import { migrate } from '#shared/warehouse/migrate';
import type { ServerOptions, ServerWarehouse } from '#shared/warehouse/server';
import type { ShownCertificate } from '#shared/warehouse/server-address';
import type { OpenedWarehouse } from '#shared/warehouse/warehouse';
import { isHalfway, recoverWarehouse } from './recover-warehouse.js';

export interface WarehousePlace {
  readonly data: string;
  readonly warehouse: URL | undefined;
  readonly warehouseUser: string;
  readonly warehousePassword: string | undefined;
  readonly warehousePasswordFile: string | undefined;
  readonly warehouseCa: string | undefined;
  readonly warehouseCertFile: string | undefined;
  readonly warehouseKeyFile: string | undefined;
  readonly warehouseTimeoutSeconds: number;
  readonly warehousePatienceSeconds: number;
  readonly warehouseCompression: boolean;
}

export interface ReadingOptions {
  readonly command: string;
  /** Told of rows that show although their files are not whole. */
  readonly tell?: ((note: string) => void) | undefined;
}

/** How a person knows it: the directory, or the address of the server. */
export function placeName({ data, warehouse }: WarehousePlace): string {
  return warehouse?.href ?? data;
}

/** Makes it where it is not there, and brings it to the current schema. Nobody else loads into it meanwhile. */
export async function openWarehouse(
  place: WarehousePlace,
  { command }: { readonly command: string },
): Promise<OpenedWarehouse> {
  if (place.warehouse === undefined) return openDirectory(place.data, { command });
  const warehouse = await openServer({ ...place, warehouse: place.warehouse });
  return orClose(warehouse, async () => {
    await warehouse.lock({ command });
    await migrate(warehouse);
  });
}

/** A directory, whatever the settings say of servers. */
export async function openDirectory(
  data: string,
  { command }: { readonly command: string },
): Promise<EmbeddedWarehouse> {
  // The engine is loaded only now: half a gigabyte that a server, or a wrong setting, has no use for.
  const { openEmbeddedWarehouse } = await import('#shared/warehouse/embedded');
  const warehouse = await openEmbeddedWarehouse(data, { command });
  return orClose(warehouse, async () => {
    await migrate(warehouse);
  });
}

/**
 * The same for commands that only read: nothing is made where nothing is, and what a killed command left
 * half-way is taken back before anything is shown. On a server this is left to a load that runs just then,
 * or to one that comes, where this user may not write; `tell` is told of it.
 */
export async function openExistingWarehouse(
  place: WarehousePlace,
  { command, tell }: ReadingOptions,
): Promise<OpenedWarehouse> {
  if (place.warehouse !== undefined) {
    const warehouse = await openServer({ ...place, warehouse: place.warehouse });
    return orClose(warehouse, () => prepareForReading(warehouse, { command, tell }));
  }
  if (!existsSync(place.data)) {
    throw new EdxstreamError('DATA_DIRECTORY_MISSING', `There is no data directory ${place.data}.`);
  }
  const warehouse = await openDirectory(place.data, { command });
  return orClose(warehouse, async () => {
    await recoverWarehouse(warehouse);
  });
}

/** A server as it is: without the lock of loads, without migrating or putting anything right. */
export async function openServer(
  place: WarehousePlace & { readonly warehouse: URL },
  told: Pick<ServerOptions, 'onRetry' | 'onAway'> = {},
): Promise<ServerWarehouse> {
  const { warehouse: url, warehouseUser: user, warehouseCa } = place;
  const ca = warehouseCa === undefined ? undefined : await readGiven('--warehouse-ca', warehouseCa);
  const shown = await shownCertificate(place);
  const { ServerWarehouse } = await import('#shared/warehouse/server');
  return new ServerWarehouse(
    { url, user, password: await passwordOf(place), ...(ca && { ca }), ...(shown && { shown }) },
    {
      timeoutMs: place.warehouseTimeoutSeconds * 1000,
      patienceMs: place.warehousePatienceSeconds * 1000,
      isCompressed: place.warehouseCompression,
      ...told,
    },
  );
}

async function prepareForReading(
  warehouse: ServerWarehouse,
  { command, tell }: ReadingOptions,
): Promise<void> {
  const [found] = await warehouse.query<{ tables: string | number }>(
    `SELECT count() AS tables FROM system.tables
     WHERE database = currentDatabase() AND name IN ('log_files', 'database_files')`,
  );
  if (Number(found?.tables) < 2) {
    throw new EdxstreamError('WAREHOUSE_EMPTY', `Nothing has been loaded into ${warehouse.name}.`);
  }
  if (!(await isHalfway(warehouse))) return;
  try {
    await warehouse.lock({ command });
    await recoverWarehouse(warehouse);
    await warehouse.unlock();
  } catch (error) {
    const code = error instanceof EdxstreamError ? error.code : undefined;
    if (code === 'WAREHOUSE_BUSY' || code === 'WAREHOUSE_LOCK_LOST') {
      tell?.('A load runs: of the files that it is at, some rows may show already.');
    } else if (code === 'WAREHOUSE_REFUSED' || code === 'QUERY_REFUSED') {
      tell?.('A load ended half-way: of the files it was at, some rows show until the next load.');
    } else {
      throw error;
    }
  }
}

async function passwordOf(place: WarehousePlace): Promise<string> {
  const { warehousePassword, warehousePasswordFile: file } = place;
  if (warehousePassword !== undefined || file === undefined) return warehousePassword ?? '';
  const content = await readGiven('--warehouse-password-file', file);
  return content.toString('utf8').split(/\r?\n/)[0] ?? '';
}

async function shownCertificate({
  warehouseCertFile: certFile,
  warehouseKeyFile: keyFile,
}: WarehousePlace): Promise<ShownCertificate | undefined> {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    throw new EdxstreamError(
      'SETTINGS',
      'A certificate needs its key: give both EDXSTREAM_WAREHOUSE_CERT_FILE and EDXSTREAM_WAREHOUSE_KEY_FILE.',
    );
  }
  return {
    cert: await readGiven('EDXSTREAM_WAREHOUSE_CERT_FILE', certFile),
    key: await readGiven('EDXSTREAM_WAREHOUSE_KEY_FILE', keyFile),
  };
}

async function readGiven(setting: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new EdxstreamError('SETTINGS', `${setting} ${path} cannot be read: ${String(error)}.`, {
      cause: error,
    });
  }
}

/** The warehouse once `work` on it is done; closed where that fails. */
async function orClose<Opened extends OpenedWarehouse>(
  warehouse: Opened,
  work: () => Promise<void>,
): Promise<Opened> {
  try {
    await work();
    return warehouse;
  } catch (error) {
    await warehouse[Symbol.asyncDispose]();
    throw error;
  }
}
