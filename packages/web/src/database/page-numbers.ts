/** Which page numbers a pager shows. Source: Flask-SQLAlchemy `Pagination.iter_pages`. */

/** How many numbers stay at each end and around the current page. */
export interface PageWindow {
  /** Default 2. */
  readonly leftEdge?: number;
  /** Before the current page; default 2. */
  readonly leftCurrent?: number;
  /** After the current page; default 4. */
  readonly rightCurrent?: number;
  /** Default 2. */
  readonly rightEdge?: number;
}

/**
 * Page numbers with null for each gap.
 *
 * @example [...pageNumbers(7, 20)] // [1, 2, null, 5, 6, 7, 8, 9, 10, 11, null, 19, 20]
 */
export function* pageNumbers(page: number, pages: number, window: PageWindow = {}): Generator<number | null> {
  const { leftEdge = 2, leftCurrent = 2, rightCurrent = 4, rightEdge = 2 } = window;
  const stretches: readonly (readonly [number, number])[] = [
    [1, Math.min(leftEdge, pages)],
    [page - leftCurrent, Math.min(page + rightCurrent, pages)],
    [pages - rightEdge + 1, pages],
  ];
  let last = 0;
  for (const [from, to] of stretches) {
    const start = Math.max(from, last + 1);
    if (start > to) continue;
    if (start > last + 1) yield null;
    for (let n = start; n <= to; n++) yield n;
    last = to;
  }
  if (last < pages) yield null;
}
