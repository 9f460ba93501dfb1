/**
 * Which member of a line's object is kept in which slot. A name is told by its length and two words of it; the rest is compared before it counts.
 */
import {
  AGENT_SLOT,
  CONTEXT_SLOT,
  COURSE_ID_SLOT,
  EVENT_SLOT,
  EVENT_SOURCE_SLOT,
  EVENT_TYPE_SLOT,
  HOST_SLOT,
  IP_SLOT,
  NAME_SLOT,
  ORG_ID_SLOT,
  PAGE_SLOT,
  PATH_SLOT,
  REFERER_SLOT,
  SESSION_SLOT,
  TIME_SLOT,
  USER_ID_SLOT,
  USERNAME_SLOT,
} from './layout';

const NAME_BYTES_MAX: u32 = 12;

/** The slot of the name with these bytes, at the root of the line or inside its `context`; -1 for none. */
export function findSlot(name: u32, length: u32, isRoot: bool): i32 {
  return isRoot ? findRoot(name, length) : findInContext(name, length);
}

function findRoot(name: u32, length: u32): i32 {
  const first = load<u32>(name);
  switch (length) {
    case 2:
      return (first & 0xffff) === 0x7069 ? IP_SLOT : -1; // ip
    case 4:
      if (first === 0x656d6974) return TIME_SLOT; // time
      if (first === 0x656d616e) return NAME_SLOT; // name
      if (first === 0x74736f68) return HOST_SLOT; // host
      return first === 0x65676170 ? PAGE_SLOT : -1; // page
    case 5:
      if (first === 0x6e657665) return load<u8>(name + 4) === 0x74 ? EVENT_SLOT : -1; // event
      return first === 0x6e656761 && load<u8>(name + 4) === 0x74 ? AGENT_SLOT : -1; // agent
    case 7:
      if (first === 0x746e6f63) return load<u32>(name + 3) === 0x74786574 ? CONTEXT_SLOT : -1; // context
      if (first === 0x73736573) return load<u32>(name + 3) === 0x6e6f6973 ? SESSION_SLOT : -1; // session
      return first === 0x65666572 && load<u32>(name + 3) === 0x72657265 ? REFERER_SLOT : -1; // referer
    case 8:
      return first === 0x72657375 && load<u32>(name + 4) === 0x656d616e ? USERNAME_SLOT : -1; // username
    case 10:
      // event_type
      return first === 0x6e657665 &&
        load<u32>(name + 4) === 0x79745f74 &&
        load<u16>(name + 8) === 0x6570
        ? EVENT_TYPE_SLOT
        : -1;
    case 12:
      // event_source
      return first === 0x6e657665 &&
        load<u32>(name + 4) === 0x6f735f74 &&
        load<u32>(name + 8) === 0x65637275
        ? EVENT_SOURCE_SLOT
        : -1;
    default:
      return -1;
  }
}

function findInContext(name: u32, length: u32): i32 {
  const first = load<u32>(name);
  switch (length) {
    case 4:
      return first === 0x68746170 ? PATH_SLOT : -1; // path
    case 6:
      return first === 0x5f67726f && load<u16>(name + 4) === 0x6469 ? ORG_ID_SLOT : -1; // org_id
    case 7:
      return first === 0x72657375 && load<u32>(name + 3) === 0x64695f72 ? USER_ID_SLOT : -1; // user_id
    case 9:
      // course_id
      return first === 0x72756f63 &&
        load<u32>(name + 4) === 0x695f6573 &&
        load<u8>(name + 8) === 0x64
        ? COURSE_ID_SLOT
        : -1;
    default:
      return -1;
  }
}

/** The same for a name that is written with escapes, which are known to be right; `room` is to decode it in. */
export function findEscapedSlot(room: u32, from: u32, to: u32, isRoot: bool): i32 {
  let at = from;
  let length: u32 = 0;
  while (at < to) {
    if (length === NAME_BYTES_MAX) return -1;
    let byte: u32 = load<u8>(at);
    if (byte !== 0x5c) {
      at++;
    } else if (load<u8>(at + 1) === 0x75) {
      byte = (hex(at + 2) << 12) | (hex(at + 3) << 8) | (hex(at + 4) << 4) | hex(at + 5);
      // All names are ASCII.
      if (byte > 0x7f) return -1;
      at += 6;
    } else {
      // None of the letters that stand for a control is in a name, so what they mean does not matter.
      byte = load<u8>(at + 1);
      if (byte !== 0x22 && byte !== 0x5c && byte !== 0x2f) return -1;
      at += 2;
    }
    store<u8>(room + length, byte);
    length++;
  }
  return findSlot(room, length, isRoot);
}

function hex(at: u32): u32 {
  const byte: u32 = load<u8>(at);
  return byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57;
}
