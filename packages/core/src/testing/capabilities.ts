/** What the suite may ask of a database: read from the dialect where it says so, assumed where it does not, and overridden by hand. */
import { ArgumentError, type Dialect, didYouMean } from "../index.js";

/**
 * Flags of the suite. The first group is read from `dialect.capabilities`; the others are taken to be true unless
 * overridden, because a dialect has no other place to say them.
 */
export interface SuiteCapabilities {
  // ---- read from the dialect
  readonly insertReturning: boolean;
  readonly updateReturning: boolean;
  readonly deleteReturning: boolean;
  readonly savepoints: boolean;
  readonly transactionalDdl: boolean;
  readonly comments: boolean;
  readonly fullJoin: boolean;
  readonly lateral: boolean;
  readonly nullsOrdering: boolean;
  readonly isDistinctFrom: boolean;
  readonly multiTableUpdate: boolean;
  readonly cteInDml: boolean;
  readonly dmlInCte: boolean;
  readonly rowLocks: boolean;
  readonly alterTable: boolean;
  /** ON CONFLICT names its columns, so another violation stays an error. */
  readonly conflictTarget: boolean;

  // ---- assumed
  readonly foreignKeys: boolean;
  readonly checkConstraints: boolean;
  /** Two connections see one database at the same time: not so in memory. */
  readonly concurrentConnections: boolean;
  /** After an error a transaction goes on (PostgreSQL wants a rollback first). */
  readonly transactionSurvivesError: boolean;
  readonly recursiveCte: boolean;
  readonly windowFunctions: boolean;
  readonly intersectExcept: boolean;
  /** `=` tells "a" from "A" under the default collation. */
  readonly caseSensitiveEquality: boolean;
  readonly expressionIndexes: boolean;
  readonly partialIndexes: boolean;
  readonly computedColumns: boolean;
  readonly views: boolean;
  /** A schema can be read back: the DDL compiler has `createReflector()`. */
  readonly reflection: boolean;
  /** The generated key of a one-row INSERT is known, by RETURNING or by the driver. */
  readonly generatedKeys: boolean;
}
export type SuiteFlag = keyof SuiteCapabilities;

const ASSUMED = {
  foreignKeys: true,
  checkConstraints: true,
  concurrentConnections: true,
  transactionSurvivesError: true,
  recursiveCte: true,
  windowFunctions: true,
  intersectExcept: true,
  caseSensitiveEquality: true,
  expressionIndexes: true,
  partialIndexes: true,
  computedColumns: true,
  views: true,
  reflection: true,
  generatedKeys: true,
} satisfies Partial<SuiteCapabilities>;

/** The flags of a connected dialect with the overrides laid over them. @throws ArgumentError for an override that is no flag */
export function suiteCapabilities(dialect: Dialect, overrides: Partial<SuiteCapabilities> = {}): SuiteCapabilities {
  const c = dialect.capabilities;
  const base: SuiteCapabilities = {
    insertReturning: c.returning.insert,
    updateReturning: c.returning.update,
    deleteReturning: c.returning.delete,
    savepoints: c.savepoints,
    transactionalDdl: c.transactionalDdl,
    comments: c.comments,
    fullJoin: c.fullJoin,
    lateral: c.lateral,
    nullsOrdering: c.nullsOrdering,
    isDistinctFrom: c.isDistinctFrom,
    multiTableUpdate: c.multiTableUpdate !== false,
    cteInDml: c.cteInDml,
    dmlInCte: c.dmlInCte,
    rowLocks: c.forUpdate,
    alterTable: c.alterTable,
    conflictTarget: c.onConflict === "conflict",
    ...ASSUMED,
  };
  for (const flag of Object.keys(overrides)) {
    if (flag in base) continue;
    throw new ArgumentError(
      `dialectSuite(): there is no capability '${flag}'.${didYouMean(flag, Object.keys(base))}`,
      "testing.capability",
    );
  }
  return { ...base, ...overrides };
}
