/**
 * One column of few distinct values over a whole run: brings the dictionaries of its batches together,
 * and numbers anew, in each block that is written, the values that the block uses.
 */
import type { DictionaryColumn, EventBatch } from '#shared/eventlog/event-batch';

/** Positions [from, to) of a run. */
export interface EncodedPart {
  readonly batchOf: Uint32Array;
  readonly rowOf: Uint32Array;
  readonly from: number;
  readonly to: number;
}

export class RunDictionary {
  /** The memory in which the values stand. */
  readonly #bytes: Buffer;
  readonly #ids = new Map<string, number>();
  readonly #values: Uint8Array[] = [];
  readonly #maps: Uint32Array[];
  readonly #indexes: Uint32Array[];
  #stamp = new Uint32Array(1024);
  #local = new Uint32Array(1024);
  #block = 0;

  constructor(bytes: Buffer, batches: readonly EventBatch[], field: number) {
    this.#bytes = bytes;
    const columns = batches.map((batch) => batch.dictionaries[field] as DictionaryColumn);
    this.#indexes = columns.map(({ index }) => index);
    this.#maps = columns.map((column) => this.#map(column));
  }

  /**
   * Fills `indexes` with the numbers of the values of rows [from, to) and returns the values, in the
   * order of their numbers.
   */
  encode({ batchOf, rowOf, from, to }: EncodedPart, indexes: Uint32Array): Uint8Array[] {
    this.#block += 1;
    const keys: Uint8Array[] = [];
    const stamp = this.#stamp;
    const local = this.#local;
    const block = this.#block;
    for (let at = from; at < to; at += 1) {
      const batch = batchOf[at] as number; // the run's own positions
      const index = (this.#indexes[batch] as Uint32Array)[rowOf[at] as number] as number;
      const id = (this.#maps[batch] as Uint32Array)[index] as number;
      if (stamp[id] !== block) {
        stamp[id] = block;
        local[id] = keys.length;
        keys.push(this.#values[id] as Uint8Array);
      }
      indexes[at - from] = local[id] as number;
    }
    return keys;
  }

  #map({ valueStart, valueLength }: DictionaryColumn): Uint32Array {
    const map = new Uint32Array(valueStart.length);
    for (const [index, start] of valueStart.entries()) {
      const end = start + (valueLength[index] as number); // as many as starts
      // A latin1 string holds the bytes one to one, whatever they are.
      const key = this.#bytes.toString('latin1', start, end);
      let id = this.#ids.get(key);
      if (id === undefined) {
        id = this.#values.length;
        this.#ids.set(key, id);
        this.#values.push(this.#bytes.subarray(start, end));
        if (id >= this.#stamp.length) this.#grow();
      }
      map[index] = id;
    }
    return map;
  }

  #grow(): void {
    const stamp = new Uint32Array(this.#stamp.length * 2);
    stamp.set(this.#stamp);
    this.#stamp = stamp;
    const local = new Uint32Array(this.#local.length * 2);
    local.set(this.#local);
    this.#local = local;
  }
}
