/** What is in a warehouse, for `edxstream status`: small queries over the ledgers and one over the events. */
import type { Warehouse } from '#shared/warehouse/warehouse';

export interface WarehouseStatus {
  readonly packages: readonly {
    readonly package: string;
    readonly date: string;
    readonly logFiles: number;
    readonly databaseFiles: number;
  }[];
  readonly logFiles: readonly {
    readonly state: string;
    readonly files: number;
    readonly lines: number;
    readonly events: number;
    readonly rejected: number;
    readonly blank: number;
  }[];
  readonly databaseFiles: readonly {
    readonly state: string;
    readonly files: number;
    readonly rows: number;
    readonly rejected: number;
  }[];
  readonly courses: readonly CourseStatus[];
  readonly failures: readonly {
    readonly name: string;
    readonly reason: string;
    readonly detail: string;
  }[];
  /** Days that are partial until the next package comes. */
  readonly provisionalDays: readonly string[];
  readonly diskBytes: number;
}

export interface CourseStatus {
  /** Empty for events of no course. */
  readonly course: string;
  readonly events: number;
  readonly learners: number;
  /** UTC, to the second. Events without a usable time do not count here. */
  readonly firstEvent: string;
  readonly lastEvent: string;
}

const FAILURES_MAX = 1000;

export async function readStatus(warehouse: Warehouse): Promise<WarehouseStatus> {
  const days = await warehouse.query<{ day: string }>(
    'SELECT DISTINCT log_date AS day FROM log_files WHERE provisional ORDER BY day',
  );
  const [disk] = await numbers<{ bytes: number }>(
    warehouse,
    'SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = currentDatabase()',
  );
  return {
    packages: await numbers(
      warehouse,
      `SELECT package, toString(max(date)) AS date, sum(l) AS logFiles, sum(d) AS databaseFiles FROM (
         SELECT package, max(package_date) AS date, count() AS l, 0 AS d FROM log_files GROUP BY package
         UNION ALL
         SELECT package, max(snapshot_date), 0, count() FROM database_files GROUP BY package)
       GROUP BY package ORDER BY date, package`,
    ),
    logFiles: await numbers(
      warehouse,
      `SELECT f.state AS state, count() AS files, sum(f.lines) AS lines, sum(f.events) AS events,
         sum(f.rejected) AS rejected, sum(f.blank) AS blank
       FROM log_files AS f GROUP BY state ORDER BY state DESC`,
    ),
    databaseFiles: await numbers(
      warehouse,
      `SELECT f.state AS state, count() AS files, sum(f.rows) AS rows, sum(f.rejected) AS rejected
       FROM database_files AS f GROUP BY state ORDER BY state DESC`,
    ),
    courses: await readCourses(warehouse),
    failures: await warehouse.query(
      `SELECT name, reason, detail FROM (
         SELECT concat(package, ': ', path) AS name, reason, detail, changed_at
         FROM log_file_versions FINAL WHERE state = 'failed'
         UNION ALL
         SELECT concat(package, ': ', path), reason, detail, changed_at
         FROM database_files WHERE state = 'failed')
       ORDER BY changed_at DESC, name LIMIT ${FAILURES_MAX}`,
    ),
    provisionalDays: days.map(({ day }) => day),
    diskBytes: disk?.bytes ?? 0,
  };
}

/** Courses by how much happened in them. `uniq` is an estimate, within a per cent; it keeps this quick. */
export async function readCourses(warehouse: Warehouse): Promise<readonly CourseStatus[]> {
  const rows = await numbers<CourseStatus>(
    warehouse,
    `SELECT course_id AS course, count() AS events, uniqIf(username, username != '') AS learners,
       toString(toDateTime(minIf(time, time_state = 'ok'), 'UTC')) AS firstEvent,
       toString(toDateTime(maxIf(time, time_state = 'ok'), 'UTC')) AS lastEvent
     FROM events GROUP BY course_id ORDER BY events DESC, course`,
  );
  return rows;
}

/** Rows whose 64-bit integers are numbers: counts and sizes stay below 2^53. */
async function numbers<Row>(warehouse: Warehouse, sql: string): Promise<readonly Row[]> {
  return warehouse.query<Row>(`${sql} SETTINGS output_format_json_quote_64bit_integers = 0`);
}
