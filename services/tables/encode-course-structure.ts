/**
 * The structure of a course (one JSON object, usage id → block) → encoded parts, one row per block.
 *
 * The file is read twice: blocks name their children, so the parent of a block may come after it.
 * Between the two only ids are kept. `line` is the place of the block in the file, from 1, because
 * all of it may stand on one line.
 */
import { pipeline, Readable } from 'node:stream';
import streamObject from 'stream-json/streamers/stream-object.js';
import type { RowSource } from './encode-table-rows.js';
import { type EncodedPart, PartBuilder } from './encoded-part.js';
import { fieldOf, jsonOf, listOf, textOf } from './extended-json.js';
import { knownColumns } from './table-columns.js';

const TABLE = 'course_structure';
/** Children remembered at most: far more than any course has, and some 100 MB of ids. */
const CHILDREN_MAX = 1_000_000;

export async function* encodeCourseStructure(
  read: () => AsyncIterable<Buffer>,
  { fileIndex }: Pick<RowSource, 'fileIndex'>,
): AsyncIterable<EncodedPart> {
  const columns = knownColumns(TABLE);
  const builder = new PartBuilder({ table: TABLE, columns, isNullText: false }, fileIndex);
  const watched = new WatchedReading(read);
  try {
    const parents = new Map<string, string>();
    for await (const [id, block] of blocksOf(watched)) {
      for (const child of childrenOf(block)) {
        if (parents.size < CHILDREN_MAX && !parents.has(child)) parents.set(child, id);
      }
    }
    let place = 0;
    for await (const [id, block] of blocksOf(watched)) {
      place += 1;
      const courseId = courseOfUsageId(id);
      if (courseId !== undefined) builder.learnCourse(courseId);
      const metadata = fieldOf(block, 'metadata');
      const title = textOf(fieldOf(metadata, 'display_name'));
      const children = listOf(childrenOf(block));
      const row = [
        id,
        textOf(fieldOf(block, 'category')),
        title,
        parents.get(id) ?? null,
        children,
        jsonOf(metadata),
      ];
      builder.addValues(row, place);
      yield* builder.take();
    }
  } catch (error) {
    if (!(error instanceof UnreadableStructure)) throw error;
    yield {
      kind: 'fault',
      reason: 'not-json',
      detail: `The structure of the course is not one JSON object: ${error.message}. Ask edX for the file again if it matters.`,
    };
    return;
  }
  yield* builder.finish(watched.bytes === 0 ? 'zero-bytes' : '');
}

/** What the parser says of bytes that are not one JSON object. */
class UnreadableStructure extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'UnreadableStructure';
  }
}

/** Readings of one source that remember its own fault, to tell it from one of the parser. */
class WatchedReading {
  fault: unknown;
  bytes = 0;
  readonly #read: () => AsyncIterable<Buffer>;

  constructor(read: () => AsyncIterable<Buffer>) {
    this.#read = read;
  }

  async *chunks(): AsyncIterable<Buffer> {
    try {
      for await (const chunk of this.#read()) {
        this.bytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      this.fault = error;
      throw error;
    }
  }
}

async function* blocksOf(source: WatchedReading): AsyncIterable<readonly [string, unknown]> {
  const parser = streamObject.withParserAsStream();
  let isEmpty = true;
  const chunks = (async function* () {
    for await (const chunk of source.chunks()) {
      isEmpty = false;
      yield chunk;
    }
  })();
  // The callback form, because an error must reach the reader below and not a promise of its own.
  pipeline(Readable.from(chunks, { objectMode: true }), parser, () => {});
  try {
    for await (const item of parser) {
      yield [String(fieldOf(item, 'key')), fieldOf(item, 'value')];
    }
  } catch (error) {
    // The parser wants a value; a file without a byte has none, and that is no fault.
    if (source.fault !== undefined) throw error;
    if (!isEmpty) throw new UnreadableStructure(error);
  }
}

function childrenOf(block: unknown): readonly string[] {
  const children = fieldOf(block, 'children');
  if (!Array.isArray(children)) return [];
  return children.filter((child): child is string => typeof child === 'string');
}

/** `block-v1:Org+Course+Run+type@…` names its course; `i4x://…` does not name the run. */
function courseOfUsageId(id: string): string | undefined {
  const match = /^(ccx-)?block-v1:([^+]+\+[^+]+\+.+?)\+type@/.exec(id);
  if (match === null) return undefined;
  return `${match[1] === undefined ? 'course-v1' : 'ccx-v1'}:${match[2] ?? ''}`;
}
