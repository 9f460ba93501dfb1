/**
 * A key, a warehouse and packages of database files for tests: messages come from the real `gpg`,
 * names go through the real grammar, and the warehouse is the embedded one in a temporary directory.
 */

import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyRing } from '#shared/openpgp/key-ring';
import { openKeyRing } from '#shared/openpgp/open-key-ring';
import { parseDatabaseFileName } from '#shared/packages/database-file-name';
import { TemporaryGpgHome } from '#shared/testing/temporary-gpg-home';
import { type EmbeddedWarehouse, openEmbeddedWarehouse } from '#shared/warehouse/embedded';
import { migrate } from '#shared/warehouse/migrate';
import type { DatabaseFileToLoad, PackageOrigin } from '../database-file.js';

const CZAR = 'czar@example.org';

export class DatabaseBench implements AsyncDisposable {
  readonly warehouse: EmbeddedWarehouse;
  readonly keys: KeyRing;
  readonly #gpg: TemporaryGpgHome;
  readonly #directory: string;

  private constructor(
    warehouse: EmbeddedWarehouse,
    keys: KeyRing,
    gpg: TemporaryGpgHome,
    directory: string,
  ) {
    this.warehouse = warehouse;
    this.keys = keys;
    this.#gpg = gpg;
    this.#directory = directory;
  }

  static async open(): Promise<DatabaseBench> {
    const directory = await mkdtemp(join(tmpdir(), 'tables-'));
    const gpg = await TemporaryGpgHome.create();
    await gpg.makeKey({ userId: CZAR });
    const file = { name: 'czar.gpg', bytes: await gpg.exportSecret(CZAR) };
    const { ring } = await openKeyRing([file], async () => undefined);
    const warehouse = await openEmbeddedWarehouse(join(directory, 'warehouse'), {
      command: 'test',
    });
    await migrate(warehouse);
    return new DatabaseBench(warehouse, ring, gpg, directory);
  }

  /** Encrypts these files and puts them where the index would say that they are. */
  async pack(
    origin: PackageOrigin,
    files: Readonly<Record<string, string | Buffer>>,
  ): Promise<DatabaseFileToLoad[]> {
    const packed: DatabaseFileToLoad[] = [];
    for (const [path, content] of Object.entries(files)) {
      const message = await this.#gpg.encrypt(Buffer.from(content), [CZAR]);
      packed.push(await this.place(origin, `${path}.gpg`, message));
    }
    return packed;
  }

  /** Puts bytes that are a message already (or are none) where the index would say they are. */
  async place(origin: PackageOrigin, path: string, message: Buffer): Promise<DatabaseFileToLoad> {
    const name = parseDatabaseFileName(path);
    if (name.kind !== 'keep') throw new Error(`${path} is no name of a database file.`);
    const fingerprint = createHash('sha256').update(message).digest('hex');
    const stored = join(this.#directory, `${origin.snapshotDate}-${fingerprint}`);
    await writeFile(stored, message);
    const location = {
      path: stored,
      offset: 0,
      bytes: message.length,
      compression: 'none' as const,
    };
    return { ...name.value, path, location, fingerprint };
  }

  /** The same member with one byte of its encrypted packet changed. */
  async damaged(file: DatabaseFileToLoad, origin: PackageOrigin): Promise<DatabaseFileToLoad> {
    const message = await readFile(file.location.path);
    const at = message.length - 30;
    message[at] = (message[at] ?? 0) ^ 1;
    return this.place(origin, file.path, message);
  }

  async rows(sql: string): Promise<readonly unknown[]> {
    // Numbers as numbers: those of tests are small.
    return this.warehouse.query<unknown>(
      `${sql} SETTINGS output_format_json_quote_64bit_integers = 0`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.warehouse[Symbol.asyncDispose]();
    await this.#gpg[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

export function week(snapshotDate: string): PackageOrigin {
  return { package: `univx-${snapshotDate}.zip`, organization: 'univx', snapshotDate };
}
