/**
 * The counters of a load. Stages add to them; whoever shows progress (a terminal, a plain line, the file
 * beside the data directory, a JSON record) reads them, so that all of these agree.
 */
export interface LoadProgress {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  stage: 'indexing' | 'log files' | 'database files' | 'done';
  filesTotal: number;
  filesDone: number;
  filesFailed: number;
  /** Bytes of ciphertext that are to be read, and that have been. */
  bytesTotal: number;
  bytesDone: number;
  /** Bytes of lines that were read. */
  lineBytes: number;
  /** Events read, and events that are in the table. */
  eventsRead: number;
  eventsLoaded: number;
  rejected: number;
  /** Runs that were released before their date was complete, because the window was full. */
  earlyReleases: number;
  tablesTotal: number;
  tablesDone: number;
  /** Rows of database files that were read; once a package is in, those that are loaded. */
  tableRows: number;
}

export function newLoadProgress(startedAt: Date): LoadProgress {
  return {
    startedAt: startedAt.toISOString(),
    stage: 'indexing',
    filesTotal: 0,
    filesDone: 0,
    filesFailed: 0,
    bytesTotal: 0,
    bytesDone: 0,
    lineBytes: 0,
    eventsRead: 0,
    eventsLoaded: 0,
    rejected: 0,
    earlyReleases: 0,
    tablesTotal: 0,
    tablesDone: 0,
    tableRows: 0,
  };
}
