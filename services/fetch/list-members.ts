/**
 * The members of a tar or a zip, in the order of their bytes, and what is wrong with it. Of a package in a
 * store the fingerprints come with them: head and tail of each member lie in the pieces that its headers
 * are read from, and would cost a request each later.
 */
import type { StoredObject } from '#shared/objectstore/stored-object';
import type { MemberLocation } from '#shared/packages/member-source';
import type { PackageFault, UnrecognisedMember } from '#shared/packages/package-index';
import { fingerprintOf } from './fingerprint.js';
import type { RandomAccess } from './random-access.js';
import { readTarHeaders } from './tar-headers.js';
import { readZipDirectory } from './zip-directory.js';

export interface FoundMember {
  readonly path: string;
  readonly location: MemberLocation;
}

/** What stands in a package, before it is said what each member is. */
export interface Listing {
  readonly members: readonly FoundMember[];
  readonly unrecognised: readonly UnrecognisedMember[];
  readonly faults: readonly PackageFault[];
}

export async function listTar(
  path: string,
  file: RandomAccess,
  object?: StoredObject,
): Promise<Listing> {
  const members: FoundMember[] = [];
  const unrecognised: UnrecognisedMember[] = [];
  const faults: PackageFault[] = [];
  let passed = 0;
  const passAll = async (): Promise<void> => {
    for (; passed < members.length; passed += 1) {
      const member = members[passed] as FoundMember; // below the length
      members[passed] = await withFingerprint(member, file, object);
    }
  };
  for await (const entry of readTarHeaders(file)) {
    // Its header came with the tail of the member before.
    await passAll();
    if (entry.kind === 'fault') {
      const { reason, detail } = entry;
      faults.push({
        reason,
        detail: `${path}: ${detail}`,
        ...(entry.path && { path: entry.path }),
      });
    } else if (entry.type === 'file') {
      const { offset, bytes } = entry;
      members.push({ path: entry.path, location: { path, offset, bytes, compression: 'none' } });
    } else if (entry.type !== 'directory') {
      const detail = `${entry.path} is a ${entry.type}, not a file, and holds nothing to load.`;
      unrecognised.push({ path: entry.path, reason: 'not-a-file', detail });
    }
  }
  await passAll();
  return { members, unrecognised, faults };
}

export async function listZip(
  path: string,
  file: RandomAccess,
  object?: StoredObject,
): Promise<Listing> {
  const members: FoundMember[] = [];
  const { faults } = await readZipDirectory(file, async (member) => {
    if (member.isDirectory) return;
    const { offset, bytes, compression } = member;
    const found = { path: member.path, location: { path, offset, bytes, compression } };
    members.push(await withFingerprint(found, file, object));
  });
  return {
    members,
    unrecognised: [],
    faults: faults.map(({ reason, detail, path: member }) => ({
      reason,
      detail: `${path}: ${detail}`,
      ...(member !== undefined && { path: member }),
    })),
  };
}

async function withFingerprint(
  { path, location }: FoundMember,
  file: RandomAccess,
  object: StoredObject | undefined,
): Promise<FoundMember> {
  if (object === undefined) return { path, location };
  const fingerprint = await fingerprintOf(file, location);
  return { path, location: { ...location, object, fingerprint } };
}
