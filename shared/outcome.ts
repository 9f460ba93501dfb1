/**
 * What a stage decided about one item. A data fault (a bad line, file or package) is a value and
 * never an exception, so that one bad input cannot stop the rest.
 *
 * `drop` is intended and counted; `reject` is not intended: it is counted, reported, and its
 * origin is kept.
 */
export type Outcome<T, Reason extends string = never> =
  | { readonly kind: 'keep'; readonly value: T }
  | { readonly kind: 'drop'; readonly reason: Reason }
  | { readonly kind: 'reject'; readonly reason: Reason; readonly detail: string };

export function keep<T>(value: T): { readonly kind: 'keep'; readonly value: T } {
  return { kind: 'keep', value };
}

export function reject<Reason extends string>(
  reason: Reason,
  detail: string,
): { readonly kind: 'reject'; readonly reason: Reason; readonly detail: string } {
  return { kind: 'reject', reason, detail };
}
