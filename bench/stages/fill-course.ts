/**
 * Fills a new data directory with one busy course, by SQL: as many events as asked for, EVENTS_PER_SECOND of
 * them a second, from six servers, in parts as a load makes them.
 */
import { openEmbeddedWarehouse } from '#shared/warehouse/embedded';
import { migrate } from '#shared/warehouse/migrate';
import { BUSY_COURSE, EVENTS_PER_SECOND, type FillInput, START_US } from './replay-input.js';

const EVENTS_A_PART = 100_000;

// Written by bench/measure-replay.ts, the only caller.
const { data, events } = JSON.parse(process.argv[2] ?? '{}') as FillInput;
await using warehouse = await openEmbeddedWarehouse(data, { command: 'bench' });
await migrate(warehouse);
for (let from = 0; from < events; from += EVENTS_A_PART) {
  await warehouse.statement(partOf(from, Math.min(EVENTS_A_PART, events - from)));
}

function partOf(from: number, count: number): string {
  return `INSERT INTO events (organization, course_id, time, time_state, event_type, event_source, username, site,
      server, log_date, line, raw, json_at, file_id)
    SELECT 'universitya', '${BUSY_COURSE}', t, 'ok', 'play_video', 'browser', learner, 'prod',
      concat('prod-edxapp-00', toString(h % 6)), toDate(t), number + 1,
      concat('{"username": "', learner, '", "event_type": "play_video", "ip": "10.1.3.', toString(h % 255),
        '", "agent": "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/30.0.1599.69 Safari/537.36", "host": "courses.edx.org", "session": "',
        lower(hex(MD5(toString(h % 50000)))), '", "event": "{\\\\"id\\\\":\\\\"i4x-UniversityA-CS1-video-',
        lower(hex(MD5(toString(h % 300)))), '\\\\",\\\\"currentTime\\\\":', toString((h % 100000) / 100),
        ',\\\\"code\\\\":\\\\"html5\\\\"}", "event_source": "browser", "context": {"user_id": ', toString(h % 20000),
        ', "org_id": "UniversityA", "course_id": "${BUSY_COURSE}", "path": "/event"}, "time": "',
        replaceOne(toString(t), ' ', 'T'), '+00:00", "page": "https://courses.edx.org/courses/${BUSY_COURSE}/courseware/',
        lower(hex(MD5(toString(h % 100)))), '/', lower(hex(MD5(toString(h % 900)))), '/"}'), 0, 1
    FROM (SELECT number, cityHash64(number) AS h, concat('learner', toString(h % 20000)) AS learner,
        fromUnixTimestamp64Micro(toInt64(${START_US} + number * 1000000 / ${EVENTS_PER_SECOND}), 'UTC') AS t
      FROM numbers(${from}, ${count})) ORDER BY t`;
}
