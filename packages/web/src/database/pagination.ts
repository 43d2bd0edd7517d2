/** One page of a select or a query, with what a pager in a template needs. Source: Flask-SQLAlchemy "Paging Query Results". */
import { type CompoundStatement, func, type HasScalar, SelectStatement, select } from "@athanor/core";
import type { Query, Session } from "@athanor/orm";
import { findContext } from "../app/context.js";
import { NotFound } from "../errors/http-error.js";
import { type PageWindow, pageNumbers } from "./page-numbers.js";

export interface PaginateOptions {
  /** From 1; default: `?page=` of the running request, else 1. */
  readonly page?: number;
  /** Default: `?perPage=` or `?per_page=` of the running request, else 20. */
  readonly perPage?: number;
  /** Default 100, whatever the visitor asks for; null: no limit. */
  readonly maxPerPage?: number | null;
  /** false: wrong numbers are put right instead of answered with 404. Default true. */
  readonly errorOut?: boolean;
  /** false: no counting statement; `total` is null. Default true. */
  readonly count?: boolean;
}

/** What is paged: rows from a position on, and how many there are. */
export interface PageSource<T> {
  items(limit: number, offset: number): Promise<readonly T[]>;
  count(): Promise<number>;
}

interface PageSpec {
  readonly page: number;
  readonly perPage: number;
  readonly maxPerPage: number | null;
  readonly errorOut: boolean;
  readonly count: boolean;
}

/** A page; made by `db.paginate()`. Iterating gives its items. */
export class Pagination<T> implements Iterable<T> {
  readonly items: readonly T[];
  /** From 1. */
  readonly page: number;
  readonly perPage: number;
  readonly maxPerPage: number | null;
  /** Items on all pages; null when they were not counted. */
  readonly total: number | null;
  readonly hasNext: boolean;
  readonly #source: PageSource<T>;
  readonly #spec: PageSpec;

  constructor(
    source: PageSource<T>,
    spec: PageSpec,
    found: { readonly items: readonly T[]; readonly total: number | null; readonly more: boolean },
  ) {
    this.#source = source;
    this.#spec = spec;
    this.items = found.items;
    this.page = spec.page;
    this.perPage = spec.perPage;
    this.maxPerPage = spec.maxPerPage;
    this.total = found.total;
    this.hasNext = found.total === null ? found.more : spec.page < this.pages;
  }

  /** Number of pages; 0 for nothing, and when the items were not counted. */
  get pages(): number {
    return this.total === null ? 0 : Math.ceil(this.total / this.perPage);
  }
  /** Position of the first item of this page among all, from 1; 0 when the page is empty. */
  get first(): number {
    return this.items.length === 0 ? 0 : (this.page - 1) * this.perPage + 1;
  }
  /** Position of the last item of this page; 0 when the page is empty. */
  get last(): number {
    return this.items.length === 0 ? 0 : this.first + this.items.length - 1;
  }
  get hasPrev(): boolean {
    return this.page > 1;
  }
  get prevNum(): number | null {
    return this.hasPrev ? this.page - 1 : null;
  }
  get nextNum(): number | null {
    return this.hasNext ? this.page + 1 : null;
  }

  /** The page before; nothing is counted again. @throws NotFound on the first page, unless errorOut is false */
  prev(): Promise<Pagination<T>> {
    return this.#turn(this.page - 1);
  }
  /** The page after; nothing is counted again. @throws NotFound behind the last page, unless errorOut is false */
  next(): Promise<Pagination<T>> {
    return this.#turn(this.page + 1);
  }
  async #turn(page: number): Promise<Pagination<T>> {
    const spec = { ...this.#spec, page: validPage(page, this.#spec.errorOut, 1) };
    return loadPage(this.#source, spec, this.total);
  }

  /**
   * Numbers for a pager, null where numbers are left out.
   *
   * @example {% for n in pagination.iterPages() %}{{ n if n else "…" }}{% endfor %}
   */
  iterPages(window?: PageWindow): Generator<number | null> {
    return pageNumbers(this.page, this.pages, window);
  }

  get length(): number {
    return this.items.length;
  }
  [Symbol.iterator](): Iterator<T> {
    return this.items[Symbol.iterator]();
  }
}

function validPage(n: number | undefined, errorOut: boolean, fallback: number): number {
  if (n !== undefined && Number.isSafeInteger(n) && n >= 1) return n;
  if (errorOut) throw new NotFound({ description: "There is no such page." });
  return fallback;
}

/** A whole number of the query string; undefined when the visitor did not send one, NaN when it is none. */
function requested(...names: readonly string[]): number | undefined {
  const args = findContext()?.request.args;
  const name = names.find((n) => args?.has(n));
  if (args === undefined || name === undefined) return undefined;
  const text = String(args.get(name)).trim();
  return /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
}

async function loadPage<T>(source: PageSource<T>, spec: PageSpec, known: number | null): Promise<Pagination<T>> {
  const { page, perPage, errorOut } = spec;
  const uncounted = !spec.count;
  // One more than the page holds tells whether there is a next one without counting.
  const rows = await source.items(uncounted ? perPage + 1 : perPage, (page - 1) * perPage);
  const items = rows.length > perPage ? rows.slice(0, perPage) : rows;
  if (items.length === 0 && page !== 1 && errorOut) throw new NotFound({ description: "There is no such page." });
  const total = uncounted ? null : (known ?? (await source.count()));
  return new Pagination(source, spec, { items, total, more: rows.length > perPage });
}

/** @throws NotFound for a page that cannot be, unless errorOut is false */
export async function paginate<T>(source: PageSource<T>, options: PaginateOptions = {}): Promise<Pagination<T>> {
  const { maxPerPage = 100, errorOut = true, count = true } = options;
  const page = validPage(options.page ?? requested("page") ?? 1, errorOut, 1);
  const asked = validPage(options.perPage ?? requested("perPage", "per_page") ?? 20, errorOut, 20);
  const perPage = maxPerPage === null ? asked : Math.min(asked, maxPerPage);
  return loadPage(source, { page, perPage, maxPerPage, errorOut, count }, null);
}

/** The pages of `User.query()…`. */
export function querySource<T>(query: Query<never>): PageSource<T> {
  return {
    // The query's own type fixes what it gives; `Pagination<T>` was typed from it.
    items: (limit, offset) => query.limit(limit).offset(offset).all() as Promise<unknown> as Promise<T[]>,
    count: () => query.count(),
  };
}

/** The pages of a select. Counting leaves out ORDER BY and loader options and counts the rows of the subquery. */
export function selectSource<T>(statement: SelectStatement | CompoundStatement, session: () => Session): PageSource<T> {
  return {
    async items(limit, offset) {
      const page = statement.limit(limit).offset(offset) as unknown as HasScalar<T>;
      return session().scalars(page).unique().all();
    },
    async count() {
      const plain = statement.orderBy(null);
      const bare = plain instanceof SelectStatement ? plain.with({ optionList: [] }) : plain;
      const total = await session().scalar(select(func.count()).selectFrom(bare.subquery() as never));
      return Number(total ?? 0);
    },
  };
}
