/**
 * The course of an event by the chain of the formats document: the context, the payload, URLs from
 * the most to the least telling, and the ids of problems and videos.
 */
import { type JsonObject, objectOf, parseObject, textOf } from './oracle-json.js';

const ID_BYTES_MAX = 255;

export function courseOf(event: JsonObject): string {
  const context = objectOf(event.context) ?? {};
  const payload = payloadOf(event.event);
  const source = event.event_source;
  const type = textOf(event.event_type);
  const candidates = [
    courseId(textOf(context.course_id)),
    courseId(textOf(payload.course_id)),
    courseOfUrl(textOf(context.path)),
    source === 'server' && type.startsWith('/') ? courseOfUrl(type) : '',
    source === 'browser' ? courseOfUrl(textOf(event.page)) : '',
    courseOfUrl(textOf(event.referer)),
    courseOfUsage(textOf(payload.problem_id)),
    courseOfUsage(textOf(payload.id)),
  ];
  return candidates.find((candidate) => candidate !== '') ?? '';
}

/** The payload as an object: explicit events have one, browser events have it as JSON in a string. */
function payloadOf(event: unknown): JsonObject {
  if (typeof event === 'string') return parseObject(event.trim()) ?? {};
  return objectOf(event) ?? {};
}

/** The id where it is one, trimmed and decoded; empty where it is not. */
function courseId(text: string): string {
  const id = decoded(text.trim());
  if (id === '' || Buffer.byteLength(id) > ID_BYTES_MAX || id.includes('data:image')) return '';
  const isOld = /^[^/+:\s]+\/[^/+:\s]+\/[^/+:\s]+$/.test(id);
  const isNew = /^(?:course|ccx)-v1:[^/+\s]+\+[^/+\s]+\+[^/\s]+$/.test(id);
  return isOld || isNew ? id : '';
}

function courseOfUrl(url: string): string {
  const text = decoded(url);
  const course = /\/courses\/((?:course|ccx)-v1:[^/?#]+|(?!v\d+\/)[^/?#]+\/[^/?#]+\/[^/?#]+)/.exec(
    text,
  )?.[1];
  if (course !== undefined) {
    const id = courseId(course);
    if (id !== '') return id;
  }
  return courseOfUsage(/\/xblock\/([^/?#]+)/.exec(text)?.[1] ?? '');
}

/** Usage keys of the newer kind name the whole course; `i4x://` has no run and so no course id. */
function courseOfUsage(id: string): string {
  const found =
    /^(block|course|ccx-block|ccx)-v1:([^/+\s]+\+[^/+\s]+\+[^/\s@]+?)(?=\+type@|$)/.exec(
      decoded(id.trim()),
    );
  if (found === null) return '';
  return courseId(`${found[1]?.startsWith('ccx') ? 'ccx' : 'course'}-v1:${found[2]}`);
}

function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
