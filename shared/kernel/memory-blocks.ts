/**
 * Hands out blocks of the kernel's memory to all threads, and takes them back from any of them.
 *
 *   page 0       left to WebAssembly: no block begins at 0
 *   page 1       lock | next page never used | per size class the first free block
 *   page 2 …     one byte a page: the size class of the block that begins there
 *   then         blocks of 2^n pages; a free one holds the page of the next free one of its class
 *
 * Blocks are not split or joined, because nearly all are windows and columns of one size. What came back
 * last goes out first: its pages are in the cache, and fresh ones cost a page fault each.
 */
import { assert, EdxstreamError } from '#shared/errors';

const PAGE_BYTES = 65_536;
const HEADER_PAGE = 1;
const CLASSES_PAGE = 2;
const CLASSES = 17;

const LOCK = 0;
const NEXT_PAGE = 1;
const FREE = 2;
/** Far more than whoever holds the lock needs; a thread that was terminated meanwhile never gives it back. */
const SPINS_MAX = 50_000_000;

export class MemoryBlocks {
  readonly #header: Int32Array;
  readonly #classes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #pages: number;
  readonly #firstPage: number;

  constructor(memory: ArrayBufferLike) {
    this.#pages = memory.byteLength / PAGE_BYTES;
    this.#header = new Int32Array(memory, HEADER_PAGE * PAGE_BYTES, FREE + CLASSES);
    this.#classes = new Uint8Array(memory, CLASSES_PAGE * PAGE_BYTES, this.#pages);
    this.#words = new Uint32Array(memory);
    this.#firstPage = CLASSES_PAGE + Math.ceil(this.#pages / PAGE_BYTES);
  }

  /**
   * The place of a block of at least so many bytes, which hold whatever was there before.
   * @throws EdxstreamError MEMORY_EXHAUSTED.
   */
  take(bytes: number): number {
    const wanted = classOf(bytes);
    this.#lock();
    try {
      // A larger one than needed is better than none.
      for (let size = wanted; size < CLASSES; size += 1) {
        const page = this.#header[FREE + size] as number; // size < CLASSES
        if (page !== 0) {
          this.#header[FREE + size] = this.#words[page * (PAGE_BYTES / 4)] as number;
          return page * PAGE_BYTES;
        }
        if (size === wanted) {
          const fresh = Math.max(this.#header[NEXT_PAGE] as number, this.#firstPage);
          if (fresh + 2 ** size <= this.#pages) {
            this.#header[NEXT_PAGE] = fresh + 2 ** size;
            this.#classes[fresh] = size;
            return fresh * PAGE_BYTES;
          }
        }
      }
    } finally {
      Atomics.store(this.#header, LOCK, 0);
    }
    throw new EdxstreamError(
      'MEMORY_EXHAUSTED',
      `A block of ${bytes} bytes does not fit into the ${this.#pages * PAGE_BYTES} bytes for events in work.`,
    );
  }

  /** Takes back a block by its place; nobody may use it any more. */
  give(place: number): void {
    const page = place / PAGE_BYTES;
    const size = this.#classes[page];
    assert(size !== undefined && page >= this.#firstPage, 'a block is given back by its place');
    this.#lock();
    this.#words[place / 4] = this.#header[FREE + size] as number;
    this.#header[FREE + size] = page;
    Atomics.store(this.#header, LOCK, 0);
  }

  /** What `work` makes of the block at this place, which is given back where it fails. */
  orGive<Made>(place: number, work: () => Made): Made {
    try {
      return work();
    } catch (error) {
      this.give(place);
      throw error;
    }
  }

  /** How many bytes the block at this place has. */
  sizeOf(place: number): number {
    return PAGE_BYTES * 2 ** (this.#classes[place / PAGE_BYTES] ?? 0);
  }

  /** It is held for a few instructions and taken a few times a batch, so spinning is the cheapest. */
  #lock(): void {
    for (let spins = 0; Atomics.compareExchange(this.#header, LOCK, 0, 1) !== 0; spins += 1) {
      assert(spins < SPINS_MAX, 'the lock of the memory is given back');
    }
  }
}

function classOf(bytes: number): number {
  return Math.max(0, Math.ceil(Math.log2(bytes / PAGE_BYTES)));
}
