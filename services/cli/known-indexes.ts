/** Indexes of packages in stores, remembered in the warehouse that they are loaded into. */
import type { StoredObject } from '#shared/objectstore/stored-object';
import { formatObjectAddress } from '#shared/objectstore/stored-object';
import { readPackageIndex, writePackageIndex } from '#shared/warehouse/package-indexes';
import type { Warehouse } from '#shared/warehouse/warehouse';
import type { KeptIndex, KnownIndexes } from '../fetch/kept-index.js';

/** Counts up when what is kept changes its shape: what has another one is made again. */
const SHAPE = 1;

export function knownIndexes(warehouse: Warehouse): KnownIndexes {
  return {
    async find(object) {
      const text = await readPackageIndex(warehouse, versionOf(object));
      if (text === undefined) return undefined;
      const { shape, index } = JSON.parse(text) as { shape: number; index: KeptIndex }; // written below
      return shape === SHAPE ? index : undefined;
    },
    keep: (object, index) =>
      writePackageIndex(warehouse, versionOf(object), JSON.stringify({ shape: SHAPE, index })),
  };
}

function versionOf(object: StoredObject) {
  const { etag, bytes } = object;
  return { path: formatObjectAddress(object), etag, bytes };
}
