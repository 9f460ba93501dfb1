/**
 * Several courses as one, in the order of event time and then of where lines stand. Each course comes in
 * its own order; the next event is the first among the heads.
 *
 *   course a   3 7 9 ┐
 *   course b   1 4   ├─► 1 3 4 5 7 9
 *   course c   5     ┘
 */
import { comparePlaces, type ReplayedEvent } from './replayed-event.js';

const SLICE_EVENTS = 512;

type Slices = AsyncGenerator<readonly ReplayedEvent[]>;

interface Head {
  readonly slices: Slices;
  slice: readonly ReplayedEvent[];
  at: number;
}

export async function* mergeCourses(courses: readonly Slices[]): Slices {
  const [only] = courses;
  if (only !== undefined && courses.length === 1) {
    yield* only;
    return;
  }
  try {
    const begun = await Promise.all(courses.map(headOf));
    const heads = begun.filter((head) => head !== undefined);
    let merged: ReplayedEvent[] = [];
    while (heads.length > 0) {
      const first = firstOf(heads);
      const event = first.slice[first.at];
      if (event !== undefined) merged.push(event);
      first.at += 1;
      const isUsedUp = first.at === first.slice.length;
      // What there is goes out before anything is waited for.
      if (isUsedUp || merged.length === SLICE_EVENTS) {
        yield merged;
        merged = [];
      }
      if (isUsedUp && !(await advance(first))) heads.splice(heads.indexOf(first), 1);
    }
  } finally {
    await Promise.all(courses.map((slices) => slices.return(undefined)));
  }
}

async function headOf(slices: Slices): Promise<Head | undefined> {
  const head: Head = { slices, slice: [], at: 0 };
  return (await advance(head)) ? head : undefined;
}

/** Takes the next slice that is not empty; false at the end. */
async function advance(head: Head): Promise<boolean> {
  for (;;) {
    const { done, value } = await head.slices.next();
    if (done) return false;
    if (value.length === 0) continue;
    head.slice = value;
    head.at = 0;
    return true;
  }
}

function firstOf(heads: readonly Head[]): Head {
  // There is one at least; courses of a replay are few, so a heap would not pay.
  return heads.reduce((first, head) => {
    const a = first.slice[first.at];
    const b = head.slice[head.at];
    return a !== undefined && b !== undefined && comparePlaces(b, a) < 0 ? head : first;
  });
}
