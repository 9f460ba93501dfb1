/**
 * A forum file (`.mongo`, one JSON document a line) → encoded parts, one row per post.
 *
 * Fields are added to the documents now and then without notice, so the whole line is kept beside
 * the columns. A line that is no JSON object is rejected alone.
 */
import { jsonlParser } from 'stream-json/jsonl/parser.js';
import { type RowSource, rejectTooLong } from './encode-table-rows.js';
import { type EncodedPart, PartBuilder } from './encoded-part.js';
import {
  fieldOf,
  flagOf,
  isJsonObject,
  type JsonObject,
  jsonOf,
  listOf,
  momentOf,
  textOf,
} from './extended-json.js';
import { splitTsvRows } from './split-tsv-rows.js';
import { COURSE_COLUMN, knownColumns } from './table-columns.js';

const TABLE = 'forum_post';
const COLUMNS = [...knownColumns(TABLE), { name: COURSE_COLUMN, kind: 'text' as const }];

/** Stands for a line that the parser refuses. */
class UnreadableLine {
  readonly why: string;

  constructor(error: unknown) {
    this.why = error instanceof Error ? error.message : String(error);
  }
}

export async function* encodeForumPosts(
  plaintext: AsyncIterable<Buffer>,
  { fileIndex, rowBytesMax }: Omit<RowSource, 'table'>,
): AsyncIterable<EncodedPart> {
  const builder = new PartBuilder({ table: TABLE, columns: COLUMNS, isNullText: false }, fileIndex);
  const parse = jsonlParser({ errorIndicator: (error: unknown) => new UnreadableLine(error) });
  const options = { isContinued: false, ...(rowBytesMax !== undefined && { rowBytesMax }) };
  for await (const rows of splitTsvRows(plaintext, options)) {
    for (const row of rows) {
      if (row.kind === 'too-long') {
        builder.reject(rejectTooLong(row));
        continue;
      }
      const line = row.bytes.toString('utf8').trim();
      if (line === '') {
        builder.addBlank();
        continue;
      }
      const parsed: unknown = parse(line);
      const post = fieldOf(parsed, 'value');
      if (isJsonObject(post) && !(post instanceof UnreadableLine)) {
        const courseId = textOf(fieldOf(post, 'course_id'));
        if (courseId !== null && courseId.trim() !== '') builder.learnCourse(courseId.trim());
        builder.addValues(valuesOf(post, row.bytes, courseId), row.line);
        continue;
      }
      const why = post instanceof UnreadableLine ? post.why : 'it is JSON, but not an object';
      const detail = `The line is not a document: ${why}.`;
      builder.reject({ line: row.line, reason: 'not-json', detail, raw: row.bytes });
    }
    yield* builder.take();
  }
  // An empty forum is a file without a byte, which is how mongoexport writes it: nothing to note.
  yield* builder.finish();
}

/** In the order of the columns. */
function valuesOf(
  post: JsonObject,
  document: Buffer,
  courseId: string | null,
): readonly (string | Buffer | null)[] {
  const text = (name: string) => textOf(post[name]);
  const flag = (name: string) => flagOf(post[name]);
  const moment = (name: string) => momentOf(post[name]);
  const list = (name: string, of: unknown = post) => listOf(fieldOf(of, name));
  const votes = fieldOf(post, 'votes');
  const id = text('_id');
  const kind = kindOf(post);
  const values: Readonly<Record<string, string | Buffer | null>> = {
    id,
    kind,
    author_id: text('author_id'),
    author_username: text('author_username'),
    retired_username: text('retired_username'),
    title: text('title'),
    body: text('body'),
    thread_id: kind === 'thread' ? id : text('comment_thread_id'),
    parent_id: text('parent_id'),
    parent_ids: list('parent_ids'),
    commentable_id: text('commentable_id'),
    thread_type: text('thread_type'),
    context: text('context'),
    group_id: text('group_id'),
    anonymous: flag('anonymous'),
    anonymous_to_peers: flag('anonymous_to_peers'),
    visible: flag('visible'),
    pinned: flag('pinned'),
    closed: flag('closed'),
    endorsed: flag('endorsed'),
    comment_count: text('comment_count'),
    depth: text('depth'),
    created_at: moment('created_at'),
    updated_at: moment('updated_at'),
    last_activity_at: moment('last_activity_at'),
    votes_up: list('up', votes),
    votes_down: list('down', votes),
    abuse_flaggers: list('abuse_flaggers'),
    historical_abuse_flaggers: list('historical_abuse_flaggers'),
    endorsement: jsonOf(fieldOf(post, 'endorsement')),
    sort_key: text('sk'),
    document,
    [COURSE_COLUMN]: courseId,
  };
  return COLUMNS.map(({ name }) => values[name] ?? null);
}

/** A response is on a thread, a comment on a response; both are of the type Comment. */
function kindOf(post: JsonObject): string | null {
  const type = textOf(fieldOf(post, '_type'));
  if (type === 'CommentThread') return 'thread';
  if (type !== 'Comment') return type;
  const parents = fieldOf(post, 'parent_ids');
  const hasParent =
    textOf(fieldOf(post, 'parent_id')) !== null || (Array.isArray(parents) && parents.length > 0);
  return hasParent ? 'comment' : 'response';
}
