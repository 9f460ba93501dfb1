/**
 * A front over chdb, in a process of its own: ClickHouse's HTTP interface in small, before the embedded
 * engine. It is not a ClickHouse server. It stands in for one in tests, because no package registry has a
 * current server; the engine, its SQL, its errors and its tables are the real ones, the HTTP side is ours.
 *
 *   request ─► user ─► text from URL and body, settings, parameters ─► one of a few sessions ─► answer
 *                              └── INSERT … FROM input(…): the body through a named pipe ──┘
 *
 * As a server does, it refuses parameters of more than 128 KiB and addresses of more than 1 MiB, and fails
 * an insert whose request ends before its body does. Started by clickhouse-front.ts.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable, type Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGunzip, createGzip } from 'node:zlib';
import { Session } from 'chdb';
import { giveRunningHeapRoom } from '#shared/openpgp/heap-room';
import { engineCode } from '#shared/warehouse/engine-errors';
import { makeNamedPipes, type NamedPipe } from '#shared/warehouse/named-pipe';

giveRunningHeapRoom();

const [directory = '', port = '0'] = process.argv.slice(2);
const { FRONT_USER: user = 'default', FRONT_PASSWORD: password = '' } = process.env;

const FIELD_BYTES_MAX = 128 * 1024;
const URI_BYTES_MAX = 1 << 20;
const SESSIONS = 4;
const PIPES = 100;

/** HTTP statuses of ClickHouse by numbers of errors; any other is 500. */
const STATUS_OF = new Map([
  ...[62, 47, 53, 115, 117, 27, 33, 26, 6, 20, 42, 43, 44, 46, 63].map((c) => [c, 400] as const),
  ...[60, 81].map((c) => [c, 404] as const),
  ...[516, 497].map((c) => [c, 403] as const),
]);

/** Parameters of a request that are no settings. */
const NOT_SETTINGS = new Set(['query', 'query_id', 'database', 'default_format', 'session_id']);

class Fault extends Error {
  readonly code: number;
  readonly status: number | undefined;
  constructor(code: number, name: string, text: string, status?: number) {
    super(`Code: ${code}. DB::Exception: ${text} (${name})`);
    this.code = code;
    this.status = status;
  }
}

/** Not in use: one for each insert that a test lets fail is gone, and none may be made while others are fed. */
const pipes: NamedPipe[] = await makeNamedPipes(PIPES);
const admin = new Session(directory);
const seats: Session[] = [];
for (let seat = 0; seat < SESSIONS; seat += 1) {
  seats.push(new Session(directory));
}
const waiting: ((seat: Session) => void)[] = [];

async function withSeat<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
  const seat = seats.pop() ?? (await new Promise<Session>((resolve) => waiting.push(resolve)));
  try {
    return await work(seat);
  } finally {
    const next = waiting.shift();
    if (next === undefined) seats.push(seat);
    else next(seat);
  }
}

const server = createServer(
  // What has come meanwhile of a body goes on in one piece, so that a pipe is written to seldom.
  { maxHeaderSize: 4 << 20, keepAliveTimeout: 10_000, highWaterMark: 1 << 20 },
  (request, response) => {
    serve(request, response).catch((error: unknown) => fail(response, error));
  },
);
server.requestTimeout = 0;
server.listen(Number(port), '127.0.0.1', () => {
  console.log(`listening ${(server.address() as AddressInfo).port}`);
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://front');
  if (url.pathname === '/ping') {
    response.end('Ok.\n');
    return;
  }
  authenticate(request);
  if ((request.url ?? '').length > URI_BYTES_MAX) {
    throw new Fault(1000, 'POCO_EXCEPTION', 'URI Too Long', 414);
  }
  for (const [name, value] of url.searchParams) {
    if (Buffer.byteLength(value) > FIELD_BYTES_MAX) {
      throw new Fault(
        1000,
        'POCO_EXCEPTION',
        `HTML Form Exception: Field value too long: ${name}`,
        400,
      );
    }
  }
  const body =
    request.headers['content-encoding'] === 'gzip' ? request.pipe(createGunzip()) : request;
  // What a broken request does to a decompressor is told by the request itself.
  if (body !== request) request.on('error', (error) => body.destroy(error));
  const inUrl = url.searchParams.get('query') ?? '';
  await withSeat(async (session) => {
    await prepare(session, url.searchParams);
    if (/\binput\s*\(/.test(inUrl)) {
      await insert(session, inUrl, body);
      response.end();
      return;
    }
    const sql = inUrl + (await buffer(body)).toString();
    const format =
      request.headers['x-clickhouse-format'] ??
      url.searchParams.get('default_format') ??
      'TabSeparated';
    const packed =
      url.searchParams.get('enable_http_compression') === '1' &&
      /gzip/.test(String(request.headers['accept-encoding'] ?? ''));
    await answer(session, sql, { format: String(format), response, packed });
  });
}

/** By basic authentication, or by the headers that ClickHouse has for it. */
function authenticate(request: IncomingMessage): void {
  const {
    authorization = '',
    'x-clickhouse-user': name,
    'x-clickhouse-key': key,
  } = request.headers;
  const given =
    name === undefined
      ? Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString()
      : `${name}:${key}`;
  // As the server does: a certificate is a way to come in, and there may be one only.
  const isByCertificate = request.headers['x-clickhouse-ssl-certificate-auth'] === 'on';
  if (given === `${user}:${password}` && !isByCertificate) return;
  request.resume();
  throw new Fault(
    516,
    'AUTHENTICATION_FAILED',
    `${given.split(':')[0]}: Authentication failed: password is incorrect, or there is no user with such name.`,
  );
}

/** Settings, parameters and database of a request, in a session that had those of another before. */
async function prepare(session: Session, given: URLSearchParams): Promise<void> {
  const quote = (value: string): string =>
    `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const database = given.get('database') ?? 'default';
  if (!/^\w+$/.test(database)) throw new Fault(81, 'UNKNOWN_DATABASE', `No database ${database}`);
  await session.queryAsync(`USE ${database}`);
  const settings = ["log_comment = ''"];
  for (const [name, value] of given) {
    if (!NOT_SETTINGS.has(name)) settings.push(`${name} = ${quote(value)}`);
  }
  await session.queryAsync(`SET ${settings.join(', ')}`);
}

async function insert(session: Session, sql: string, body: Readable): Promise<void> {
  const found = /\binput\s*\(\s*('(?:[^'\\]|''|\\.)*')\s*\)([\s\S]*?)\bFORMAT\s+(\w+)\s*$/.exec(
    sql,
  );
  if (found === null) throw new Fault(62, 'SYNTAX_ERROR', `Syntax error: ${sql}`);
  const [all, structure, rest, format] = found;
  const pipe = pipes.pop();
  if (pipe === undefined) throw new Error(`More than ${PIPES - SESSIONS} inserts have failed.`);
  const read = `${sql.slice(0, sql.length - all.length)}file('${pipe.path}', ${format}, ${structure}) ${rest}`;
  try {
    await pipe.feed(whole(body, pipe.path), async () => {
      try {
        await session.queryAsync(read);
      } finally {
        // A statement that failed stands in system.processes until its session is asked something else.
        await session.queryAsync('SELECT 1');
      }
    });
  } catch (error) {
    // An insert that was ended may have the pipe open for a moment longer, and who writes takes that for its
    // reader: so it is not used again.
    await pipe[Symbol.asyncDispose]();
    throw error;
  }
  pipes.push(pipe);
}

/**
 * The body; where the request breaks off, or somebody has ended the insert, bytes follow that no format
 * reads, so that the engine does not take that for the end.
 */
async function* whole(body: Readable, path: string): AsyncIterable<Uint8Array> {
  const isEnded = untilCancelled(path);
  const chunks = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), isEnded.promise]);
      if (next === undefined) break;
      if (next.done === true) return;
      yield next.value;
    }
  } catch {
    // Nobody is there any more to be told.
  } finally {
    isEnded.stop();
    body.destroy();
  }
  yield Buffer.from([0x0a, ...Array<number>(16).fill(0xff)]);
}

/** A server looks now and then whether a statement was ended, while it waits for bytes. */
function untilCancelled(path: string) {
  const name = path.replaceAll('/', "', '/");
  const look = `SELECT 1 FROM system.processes WHERE is_cancelled AND position(query, concat('${name}')) > 0`;
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<undefined>((resolve) => {
    timer = setInterval(async () => {
      const found = await admin.queryAsync(look, { format: 'TSV' }).catch(() => undefined);
      if (found !== undefined && found.text() !== '') resolve(undefined);
    }, 200);
  });
  return { promise, stop: () => clearInterval(timer) };
}

async function answer(
  session: Session,
  sql: string,
  { format, response, packed }: { format: string; response: ServerResponse; packed: boolean },
): Promise<void> {
  if (!/^\s*(?:\(|SELECT\b|WITH\b)/i.test(sql)) {
    const result = await session.queryAsync(sql, { format });
    await write(response, packed, Readable.from([Buffer.from(result.bytes())]));
    return;
  }
  const stream = session.queryStream(sql, { format })[Symbol.asyncIterator]();
  // An error before the first row still has a status of its own.
  const first = await stream.next();
  await write(
    response,
    packed,
    (async function* () {
      for (let at = first; at.done !== true; at = await stream.next()) yield at.value.raw();
    })(),
  );
}

async function write(
  response: ServerResponse,
  packed: boolean,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  response.writeHead(200, packed ? { 'content-encoding': 'gzip' } : {});
  const out: Writable = packed ? createGzip() : new PassThrough();
  out.pipe(response);
  for await (const chunk of chunks) if (!out.write(chunk)) await once(out, 'drain');
  out.end();
  await once(response, 'close');
}

function fail(response: ServerResponse, error: unknown): void {
  const code = error instanceof Fault ? error.code : (engineCode(error) ?? 1002);
  const text = error instanceof Error ? error.message : String(error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = (error instanceof Fault ? error.status : undefined) ?? STATUS_OF.get(code) ?? 500;
  response.writeHead(status, {
    'content-type': 'text/plain; charset=UTF-8',
    'x-clickhouse-exception-code': String(code),
  });
  response.end(`${text} (version of the embedded engine)\n`);
}
