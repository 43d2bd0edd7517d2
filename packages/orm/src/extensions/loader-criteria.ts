/**
 * Criteria that go with every read of a model: soft deletion, tenancy. Source: SQLAlchemy "with_loader_criteria".
 */
import {
  type AnyModel,
  ArgumentError,
  criterion as asCriterion,
  CompoundStatement,
  type Criterion,
  conjunction,
  DeleteStatement,
  Element,
  type KeyWriter,
  type LoadFace,
  negate,
  OP,
  operators,
  referencedFroms,
  SelectStatement,
  Statement,
  type Table,
  UpdateStatement,
} from "@athanor/core";
import { declarationOf } from "../mapping/declaration.js";
import type { Mapper } from "../mapping/mapper.js";
import { mappedSource } from "../query/source.js";
import { inNested, type Restriction, restrictWriting } from "./restrict.js";

export class LoaderCriteria extends Element {
  readonly kind = "loaderCriteria";
  readonly restrictions: readonly Restriction[];
  readonly #models: readonly unknown[];
  readonly #build: (columns: never) => unknown;
  constructor(models: readonly unknown[], build: (columns: never) => unknown) {
    super();
    this.#models = models;
    this.#build = build;
    this.restrictions = models.map((model) => restrictionOf(model, build));
  }
  /** The same with values of this moment: what the function reads may have changed. */
  fresh(): LoaderCriteria {
    return new LoaderCriteria(this.#models, this.#build);
  }
  walk(key: KeyWriter): void {
    walkRestrictions(this.restrictions, key);
  }
}
/** Writes restrictions into a cache key, so that their values are parameters of the statement. */
export function walkRestrictions(restrictions: readonly Restriction[], key: KeyWriter): void {
  key.id(OP.option);
  key.id(restrictions.length);
  for (const { table, criterion } of restrictions) {
    table.walk(key);
    criterion.walk(key);
  }
}
function restrictionOf(model: unknown, build: (columns: never) => unknown): Restriction {
  const mapper = declarationOf(model)?.mapper as Mapper | undefined;
  if (mapper === undefined)
    throw new ArgumentError(
      "withLoaderCriteria(): a model, or an array of models, is needed; aliases follow their model.",
      "orm.no-model",
    );
  const criterion = asCriterion(build((model as { readonly c: never }).c));
  for (const from of referencedFroms(criterion))
    if (from !== mapper.table && mapper.tables.includes(from as Table))
      throw new ArgumentError(
        `withLoaderCriteria(${mapper}): the criterion reads the table of a base class, '${(from as Table).fullName}'; give it for that class.`,
        "orm.loader-criteria",
      );
  // A class that shares its base's table restricts its own rows alone.
  const own = mappedSource(mapper).criterion;
  return {
    table: mapper.table,
    criterion: own === undefined ? criterion : conjunction(operators.or, [negate(own), criterion]),
  };
}

type ColumnsOf<M> = M extends { readonly c: infer C } ? C : never;

/**
 * Restricts every read of a model: entities and columns, joins (in ON), eager loads and the lazy loads that follow,
 * `get` of what is not in the session, aliases, nested queries. As a statement's option, or for all statements of a
 * session, where UPDATE and DELETE are restricted too: `new Session(engine, { executionOptions: { loaderCriteria: [...] } })`;
 * the function then runs anew for each statement, and `.executionOptions({ loaderCriteria: false })` leaves it out.
 * Not restricted: lazy loads of objects the session has already, `refresh()`, recursive CTEs, SQL text.
 *
 * @example
 * select(User).options(selectinLoad(User.c.posts), withLoaderCriteria(Post, (c) => c.deletedAt.isNull()))
 * @throws ArgumentError for what is no model, or a criterion over another class's table
 */
export function withLoaderCriteria<M extends AnyModel>(
  model: M | readonly M[],
  criterion: (columns: ColumnsOf<M>) => Criterion,
): LoadFace<never, [], never> {
  return new LoaderCriteria(Array.isArray(model) ? model : [model], criterion as never) as never;
}

/** The restrictions among a statement's options. */
export function restrictionsIn(options: readonly Element[]): readonly Restriction[] {
  if (options.length === 0) return NONE;
  return options.flatMap((o) => (o instanceof LoaderCriteria ? o.restrictions : NONE));
}
const NONE: readonly Restriction[] = [];

/** The loader criteria among a statement's options. */
export function criteriaAmong(options: readonly Element[]): readonly LoaderCriteria[] {
  return options.filter((o): o is LoaderCriteria => o instanceof LoaderCriteria);
}

interface HasOptions {
  readonly executionOptions: { readonly [name: string]: unknown };
}
/** What a session asks of all its statements, with values of this moment. */
export function sessionCriteria(session: HasOptions): readonly LoaderCriteria[] {
  const given = session.executionOptions["loaderCriteria"];
  if (given === undefined || given === false) return NO_CRITERIA;
  return criteriaIn(given);
}
const NO_CRITERIA: readonly LoaderCriteria[] = [];
function criteriaIn(given: unknown): readonly LoaderCriteria[] {
  return (Array.isArray(given) ? given : [given]).map((c) => {
    if (c instanceof LoaderCriteria) return c.fresh();
    throw new ArgumentError(
      "executionOptions.loaderCriteria: an array of withLoaderCriteria(Model, (c) => …) is needed, or false.",
      "orm.loader-criteria",
    );
  });
}
/** A statement with the criteria of its session, or those of its own execution options instead. */
export function underCriteria(session: HasOptions, statement: Element): Element {
  const own = statement instanceof Statement ? statement.executionOptionsValue?.["loaderCriteria"] : undefined;
  if (own === false) return statement;
  const criteria = own === undefined ? sessionCriteria(session) : criteriaIn(own);
  if (criteria.length === 0) return statement;
  if (statement instanceof SelectStatement) return statement.options(...criteria);
  const restrictions = restrictionsIn(criteria);
  if (statement instanceof UpdateStatement || statement instanceof DeleteStatement)
    return restrictWriting(statement, restrictions);
  return statement instanceof CompoundStatement ? inNested(statement, restrictions) : statement;
}
