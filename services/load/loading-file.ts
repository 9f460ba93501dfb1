/** A log file of this run, as far as loading needs to know it: where its rows belong. */
export interface LoadingFile {
  readonly organization: string;
  readonly site: string;
  readonly server: string;
  /** YYYY-MM-DD. */
  readonly logDate: string;
  /** The entry of the ledger that its rows carry. */
  readonly fileId: number;
  /** The session of the sink that loads it, where sinks do; its rows carry it too. */
  readonly sink?: number;
}

const DAY_MS = 86_400_000;

/** Days since 1970-01-01, as ClickHouse's Date has them. */
export function dayNumber(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / DAY_MS;
}
