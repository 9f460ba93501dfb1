/**
 * The index of a package in a store as it is remembered from run to run: an object with the same ETag has
 * the same members, so an index that was made once needs no request again.
 */
import type { StoredObject } from '#shared/objectstore/stored-object';
import type { MemberLocation } from '#shared/packages/member-source';
import type { PackageFault, UnrecognisedMember } from '#shared/packages/package-index';
import type { Listing } from './list-members.js';

/** Where indexes are remembered. */
export interface KnownIndexes {
  find(object: StoredObject): Promise<KeptIndex | undefined>;
  keep(object: StoredObject, index: KeptIndex): Promise<void>;
}

/** What has to be remembered of an index; names are read again, by whatever grammar is in use then. */
export interface KeptIndex {
  readonly format: 'tar' | 'zip';
  readonly members: readonly KeptMember[];
  readonly unrecognised: readonly UnrecognisedMember[];
  readonly faults: readonly PackageFault[];
}

export interface KeptMember {
  readonly path: string;
  readonly offset: number;
  readonly bytes: number;
  readonly compression: MemberLocation['compression'];
  readonly fingerprint: string;
}

export function keptIndexOf(format: KeptIndex['format'], listing: Listing): KeptIndex {
  const { unrecognised, faults } = listing;
  const members = listing.members.map(({ path, location }) => {
    const { offset, bytes, compression, fingerprint = '' } = location;
    return { path, offset, bytes, compression, fingerprint };
  });
  return { format, members, unrecognised, faults };
}

/** The members as they are located in `object` now. */
export function listingOf(kept: KeptIndex, path: string, object: StoredObject): Listing {
  const { members, unrecognised, faults } = kept;
  return {
    members: members.map(({ path: name, ...place }) => ({
      path: name,
      location: { path, object, ...place },
    })),
    unrecognised,
    faults,
  };
}
