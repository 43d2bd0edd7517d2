/** What a server of the family can do, by its version. Source: the release notes of MySQL and MariaDB. */
import type { Capabilities } from "../dialect.js";

/** Besides what every dialect says: what only this folder asks. */
export interface MysqlCapabilities extends Capabilities {
  readonly mariadb: boolean;
  /** The row to be inserted has a name: `VALUES (…) AS excluded ON DUPLICATE KEY UPDATE`. Elsewhere `VALUES(column)` reads it. */
  readonly insertedRowName: boolean;
  /** `FOR SHARE`, and `OF` behind either lock. */
  readonly lockOf: boolean;
  readonly jsonTable: boolean;
  readonly fetchWithTies: boolean;
  /** The session's sql_mode holds NO_BACKSLASH_ESCAPES, as far as the first connection told. */
  readonly plainBackslashes: boolean;
}

/** Major, minor and patch of "8.0.35-0ubuntu0", "10.11.19-MariaDB", "5.5.5-10.4.1-MariaDB". */
export function versionOf(text: string): readonly [number, number, number] {
  // Old MariaDB servers put "5.5.5-" in front for clients that know only MySQL.
  const [major = 0, minor = 0, patch = 0] = text
    .replace(/^5\.5\.5-/, "")
    .split(/[^\d]/)
    .map(Number);
  return [major, minor, patch];
}

export function capabilitiesOf(
  mariadb: boolean,
  [major, minor, patch]: readonly [number, number, number],
  plainBackslashes = false,
): MysqlCapabilities {
  const from = (wantedMajor: number, wantedMinor: number, wantedPatch = 0): boolean =>
    (major - wantedMajor || minor - wantedMinor || patch - wantedPatch) >= 0;
  return {
    mariadb,
    insertedRowName: !mariadb && from(8, 0, 19),
    lockOf: !mariadb && from(8, 0, 1),
    jsonTable: mariadb ? from(10, 6) : from(8, 0, 4),
    fetchWithTies: mariadb && from(10, 6),
    plainBackslashes,
    returning: { insert: mariadb && from(10, 5), update: mariadb && from(13, 0), delete: mariadb },
    nativeBoolean: false,
    nativeUuid: mariadb && from(10, 7),
    nativeEnum: true,
    nativeArray: false,
    schemas: true,
    sequences: mariadb && from(10, 3),
    savepoints: true,
    transactionalDdl: false,
    alterTable: true,
    comments: true,
    isDistinctFrom: true,
    forUpdate: true,
    lateral: !mariadb && from(8, 0, 14),
    fullJoin: false,
    multiTableUpdate: "list",
    multiTableDelete: "using",
    cteInDml: !mariadb && from(8, 0),
    dmlInCte: false,
    nullsOrdering: false,
    nullsSort: "first",
    exactDecimals: true,
    onConflict: "duplicateKey",
    compoundParentheses: mariadb ? from(10, 4) : from(8, 0),
    orderedReturning: false,
    generatedKeys: "ascending",
    maxParameters: 65535,
    maxIdentifierLength: 64,
    advisoryLocks: true,
    twoPhase: true,
    isolationLevels: ["SERIALIZABLE", "REPEATABLE READ", "READ COMMITTED", "READ UNCOMMITTED"],
  };
}
