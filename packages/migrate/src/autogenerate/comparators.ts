/**
 * What takes part in a comparison, by name: the parts that come with the tool, and comparators of one's own for schemas
 * and tables. Source: Alembic "Autogenerate plugins".
 */
import {
  type Connection,
  type Dialect,
  didYouMean,
  type MetaData,
  type ReflectedTable,
  type Table,
} from "@athanor/core";
import { CommandError } from "../errors.js";
import type { MigrateOp } from "../ops/index.js";

export type ComparatorLevel = "schema" | "table";
/** What a comparator is given. */
export interface Compared {
  readonly connection: Connection;
  readonly dialect: Dialect;
  readonly metadata: readonly MetaData[];
  /** Level "table": both sides of a table that exists. */
  readonly table: Table | undefined;
  readonly reflected: ReflectedTable | undefined;
  /** What was found so far; of the table, or of everything. */
  readonly found: readonly MigrateOp[];
  /** Logs `Detected …`. */
  detected(text: string): void;
}
export interface Comparator {
  /** `acme.policies`: what `plugins` names it by. */
  readonly name: string;
  readonly level: ComparatorLevel;
  /** When it runs among others of its level; "first" is also before the tool's own, whose operations follow. */
  readonly priority?: "first" | "medium" | "last" | undefined;
  /** Names of dialects; every one without. */
  readonly dialects?: readonly string[] | undefined;
  /** Operations; "stop" keeps later ones of its level from running. */
  readonly compare: (compared: Compared) => Promise<readonly MigrateOp[] | "stop"> | readonly MigrateOp[] | "stop";
}

/** The parts of the tool's own that can be left out. */
export const BUILT_IN = [
  "athanor.types",
  "athanor.defaults",
  "athanor.comments",
  "athanor.indexes",
  "athanor.constraints",
  "athanor.foreign-keys",
  "athanor.checks",
  "athanor.enumerations",
  "athanor.sequences",
  "athanor.objects",
] as const;
export type BuiltIn = (typeof BUILT_IN)[number];

const comparators = new Map<string, Comparator>();
/**
 * Teaches autogenerate to compare something of one's own. Registering a name again replaces it.
 *
 * @example
 * registerComparator({ name: "acme.policies", level: "table", dialects: ["postgresql"], compare: async ({ connection, table }) => … });
 */
export function registerComparator(comparator: Comparator): void {
  comparators.set(comparator.name, comparator);
}
export function unregisterComparator(name: string): void {
  comparators.delete(name);
}

/** Which of them run: `["athanor.*", "~athanor.comments", "acme.policies"]`. */
export class Plugins {
  readonly #chosen: ReadonlySet<string>;
  /** @throws CommandError `migrate.plugins` for a name that fits nothing */
  constructor(wanted: readonly string[] | undefined) {
    const known = [...BUILT_IN, ...comparators.keys()];
    const chosen = new Set<string>(wanted?.some((w) => !w.startsWith("~")) ? [] : known);
    for (const pattern of wanted ?? []) {
      const leave = pattern.startsWith("~");
      const bare = leave ? pattern.slice(1) : pattern;
      const fits = known.filter((name) => (bare.endsWith("*") ? name.startsWith(bare.slice(0, -1)) : name === bare));
      if (fits.length === 0)
        throw new CommandError("migrate.plugins", `Did not locate plugins: '${bare}'.${didYouMean(bare, known)}`, {
          hint: `There are ${known.join(", ")}.`,
        });
      for (const name of fits) {
        if (leave) chosen.delete(name);
        else chosen.add(name);
      }
    }
    this.#chosen = chosen;
  }
  has(name: BuiltIn): boolean {
    return this.#chosen.has(name);
  }
  /** Operations of one's own: those of "first" comparators come before the others. */
  async run(
    level: ComparatorLevel,
    compared: Omit<Compared, "found">,
    own: readonly MigrateOp[],
  ): Promise<MigrateOp[]> {
    const rank = { first: 0, medium: 1, last: 2 } as const;
    const order = [...comparators.values()]
      .filter((c) => c.level === level && this.#chosen.has(c.name))
      .filter((c) => c.dialects === undefined || c.dialects.includes(compared.dialect.name))
      .sort((a, b) => rank[a.priority ?? "medium"] - rank[b.priority ?? "medium"]);
    const first: MigrateOp[] = [];
    const later: MigrateOp[] = [];
    for (const comparator of order) {
      const made = await comparator.compare({ ...compared, found: [...first, ...own, ...later] });
      if (made === "stop") break;
      (comparator.priority === "first" ? first : later).push(...made);
    }
    return [...first, ...own, ...later];
  }
}
