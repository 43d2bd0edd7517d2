// What a test may assume of a database. Facts about the servers, written down by hand and independent of what
// @athanor/core believes of its dialects, so that a wrong capability there can make a test fail.

export type DatabaseName = "sqlite" | "postgresql" | "mariadb" | "mysql" | "pglite";

const facts = {
  /** Several connections see one database at the same time. */
  concurrentConnections: ["sqlite", "postgresql", "mariadb", "mysql"],
  /** Two connections may have writes open at once (row locks rather than one lock on the file). */
  concurrentWriters: ["postgresql", "mariadb", "mysql"],
  /** SELECT … FOR UPDATE. */
  rowLocks: ["postgresql", "mariadb", "mysql"],
  /** FOR UPDATE SKIP LOCKED. */
  skipLocked: ["postgresql", "mariadb", "mysql"],
  /** DDL rolls back with its transaction. */
  transactionalDdl: ["sqlite", "postgresql", "pglite"],
  /** Schemas inside a database, as the standard has them (MariaDB's "schema" is a database). */
  schemas: ["postgresql", "pglite"],
  sequences: ["postgresql", "mariadb", "pglite"],
  insertReturning: ["sqlite", "postgresql", "mariadb", "pglite"],
  updateReturning: ["sqlite", "postgresql", "pglite"],
  deleteReturning: ["sqlite", "postgresql", "mariadb", "pglite"],
  /** FETCH FIRST n ROWS WITH TIES. */
  fetchWithTies: ["postgresql", "mariadb", "pglite"],
  fullOuterJoin: ["sqlite", "postgresql", "pglite"],
  deferrableConstraints: ["sqlite", "postgresql", "pglite"],
  /** ALTER TABLE changes a column's type and nullability (SQLite rebuilds the table). */
  alterColumn: ["postgresql", "mariadb", "mysql", "pglite"],
  partialIndexes: ["sqlite", "postgresql", "pglite"],
  expressionIndexes: ["sqlite", "postgresql", "mysql", "pglite"],
  comments: ["postgresql", "mariadb", "mysql", "pglite"],
  nativeBoolean: ["postgresql", "pglite"],
  nativeUuid: ["postgresql", "mariadb", "pglite"],
  nativeEnum: ["postgresql", "mariadb", "mysql", "pglite"],
  arrays: ["postgresql", "pglite"],
  /** A timestamp type that stores an instant. */
  timestampWithTimeZone: ["postgresql", "pglite"],
  /** NUMERIC keeps its digits on the server (SQLite stores REAL). */
  exactNumeric: ["postgresql", "mariadb", "mysql", "pglite"],
  /** = compares strings case-sensitively under the default collation. */
  caseSensitiveEquality: ["sqlite", "postgresql", "pglite"],
  /** An error inside a transaction leaves the transaction usable. */
  transactionSurvivesError: ["sqlite", "mariadb", "mysql"],
  twoPhaseCommit: ["postgresql", "mariadb", "mysql"],
  serverSideCursors: ["postgresql", "mariadb", "mysql"],
} satisfies Record<string, readonly DatabaseName[]>;

export type Capability = keyof typeof facts;

/** The capabilities of one database as a set: `capabilitiesOf("sqlite").has("rowLocks")` is false. */
export function capabilitiesOf(name: DatabaseName): ReadonlySet<Capability> {
  const all = Object.entries(facts) as [Capability, readonly DatabaseName[]][];
  return new Set(all.filter(([, databases]) => databases.includes(name)).map(([capability]) => capability));
}
