/**
 * Which log files may be handed out: those of the earliest date that is not read yet, and of a few dates
 * after it. So no server runs days ahead of the slowest, and what sinks hold to bring it in order is bounded.
 *
 *   dates    D1 ✓   D2 …one left   D3 ✓   D4 …   D5 (not yet)        datesAhead = 2
 *   complete up to D1
 */
export interface DatedFile {
  readonly logDateStartUs: number;
}

export class HandOut<File extends DatedFile> {
  readonly #waiting: Map<number, File[]>;
  readonly #unread: Map<number, number>;
  readonly #dates: readonly number[];
  readonly #datesAhead: number;
  /** Dates before this one, in their order, are read. */
  #nextDate = 0;

  constructor(files: readonly File[], { datesAhead }: { readonly datesAhead: number }) {
    this.#waiting = new Map();
    for (const file of files) {
      const ofDate = this.#waiting.get(file.logDateStartUs) ?? [];
      ofDate.push(file);
      this.#waiting.set(file.logDateStartUs, ofDate);
    }
    this.#unread = new Map([...this.#waiting].map(([date, ofDate]) => [date, ofDate.length]));
    this.#dates = [...this.#waiting.keys()].sort((a, b) => a - b);
    this.#datesAhead = datesAhead;
  }

  /** The log files that may be handed out now and were not yet, in the order of their dates. */
  next(): File[] {
    const files: File[] = [];
    for (const date of this.#dates.slice(this.#nextDate, this.#nextDate + 1 + this.#datesAhead)) {
      files.push(...(this.#waiting.get(date) ?? []));
      this.#waiting.delete(date);
    }
    return files;
  }

  /** A log file has been read; returns the dates that are complete now and were not before. */
  read({ logDateStartUs }: File): number[] {
    this.#unread.set(logDateStartUs, (this.#unread.get(logDateStartUs) ?? 1) - 1);
    const complete: number[] = [];
    for (;;) {
      const date = this.#dates[this.#nextDate];
      if (date === undefined || this.#unread.get(date) !== 0) return complete;
      complete.push(date);
      this.#nextDate += 1;
    }
  }
}
