/**
 * What `oneToMany(Post, { … })` builds: a relationship as written. Mapper configuration turns it into a
 * `RelationshipProperty` with direction and columns. Source: SQLAlchemy "Relationship Configuration".
 */
import { ArgumentError, didYouMean, requireKnownOptions } from "@athanor/core";

export type Lazy =
  | "select"
  | "joined"
  | "selectin"
  | "subquery"
  | "noload"
  | "raise"
  | "immediate"
  | "dynamic"
  | "writeOnly";
export type RelationshipKind = "oneToMany" | "manyToMany" | "manyToOne" | "oneToOne";

const OPTIONS = [
  "backPopulates",
  "lazy",
  "cascade",
  "primaryJoin",
  "secondaryJoin",
  "secondary",
  "foreignKeys",
  "remoteSide",
  "orderBy",
  "viewOnly",
  "passiveDeletes",
  "passiveUpdates",
  "nullable",
  "postUpdate",
  "singleParent",
  "innerJoin",
  "joinDepth",
  "info",
  "overlaps",
  "loadOnPending",
  "activeHistory",
  "alias",
  "collection",
] as const;
const LAZY: readonly Lazy[] = [
  "select",
  "joined",
  "selectin",
  "subquery",
  "noload",
  "raise",
  "immediate",
  "dynamic",
  "writeOnly",
];

/** Options as given; types are in `typing/relationships.ts`. */
export interface RelationshipSettings {
  readonly backPopulates?: string;
  readonly lazy?: Lazy;
  readonly cascade?: string;
  readonly primaryJoin?: (target: never, owner: never) => unknown;
  readonly secondaryJoin?: (target: never, secondary: never) => unknown;
  readonly secondary?: unknown;
  readonly foreignKeys?: string | readonly string[];
  readonly remoteSide?: string | readonly string[];
  readonly orderBy?: unknown;
  readonly viewOnly?: boolean;
  readonly passiveDeletes?: boolean | "all";
  readonly passiveUpdates?: boolean;
  readonly nullable?: boolean;
  readonly postUpdate?: boolean;
  readonly singleParent?: boolean;
  readonly innerJoin?: boolean;
  readonly joinDepth?: number;
  readonly info?: { readonly [key: string]: unknown };
  readonly overlaps?: string;
  readonly loadOnPending?: boolean;
  readonly activeHistory?: boolean;
  readonly alias?: () => unknown;
  readonly collection?: unknown;
}

/** Which operations follow a relationship. */
export interface CascadeFlags {
  readonly saveUpdate: boolean;
  readonly delete: boolean;
  readonly deleteOrphan: boolean;
  readonly merge: boolean;
  readonly expunge: boolean;
  readonly refreshExpire: boolean;
}
const CASCADES = ["save-update", "delete", "delete-orphan", "merge", "expunge", "refresh-expire", "all", "none"];

/**
 * Reads `"all, delete-orphan"`.
 *
 * @throws ArgumentError for an unknown word, with a "did you mean"
 */
export function parseCascade(text: string | undefined, viewOnly: boolean): CascadeFlags {
  const words =
    text === undefined
      ? viewOnly
        ? []
        : ["save-update", "merge"]
      : text
          .split(",")
          .map((w) => w.trim())
          .filter((w) => w !== "");
  for (const word of words) {
    if (!CASCADES.includes(word)) {
      throw new ArgumentError(
        `cascade: '${word}' is not one of ${CASCADES.join(", ")}.${didYouMean(word, CASCADES)}`,
        "orm.cascade",
      );
    }
  }
  const all = words.includes("all");
  const has = (word: string) => (all && word !== "delete-orphan") || words.includes(word);
  if (words.includes("none")) return parseCascade("", viewOnly);
  const flags: CascadeFlags = {
    saveUpdate: has("save-update"),
    delete: has("delete"),
    deleteOrphan: has("delete-orphan"),
    merge: has("merge"),
    expunge: has("expunge"),
    refreshExpire: has("refresh-expire"),
  };
  if (flags.deleteOrphan && !flags.delete) {
    throw new ArgumentError(
      "cascade: 'delete-orphan' needs 'delete' too; write \"all, delete-orphan\".",
      "orm.cascade",
    );
  }
  if (viewOnly && (flags.saveUpdate || flags.delete || flags.merge)) {
    throw new ArgumentError(
      "cascade: a viewOnly relationship writes nothing, so it cascades neither save-update, delete nor merge.",
      "orm.cascade",
    );
  }
  return flags;
}

/** A function of `validates()` for members of a relationship. */
export interface RelationValidator {
  readonly validate: (
    value: unknown,
    info: { readonly key: string; readonly instance: object; readonly isRemove: boolean },
  ) => unknown;
  readonly includeRemoves: boolean;
  readonly includeBackrefs: boolean;
}
/** A relationship as declared: what the getter in a model literal gives. */
export class RelationshipDefinition {
  readonly kind: RelationshipKind;
  readonly target: unknown;
  readonly settings: RelationshipSettings;
  readonly cardinality: "many" | "one" | "maybe";
  readonly lazy: Lazy;
  constructor(kind: RelationshipKind, target: unknown, settings: RelationshipSettings = {}) {
    if (target === undefined) {
      throw new ArgumentError(
        `${kind}(): the target is undefined. Write the relationship as a getter, get posts() { return ${kind}(Post); }, so that it is read when every module is loaded.`,
        "orm.target-undefined",
      );
    }
    if ("backref" in settings)
      throw new ArgumentError(
        `${kind}(): an attribute added to the other class from outside would have no type; write that side as a relationship too and tie the two with { backPopulates: … }.`,
        "orm.backref",
      );
    requireKnownOptions(settings, OPTIONS, `${kind}()`, "orm.option");
    const lazy = settings.lazy ?? "select";
    if (!LAZY.includes(lazy))
      throw new ArgumentError(
        `${kind}(): lazy is one of ${LAZY.join(", ")}, not '${String(lazy)}'.${didYouMean(String(lazy), LAZY)}`,
      );
    const many = kind === "oneToMany" || kind === "manyToMany";
    if (!many && (lazy === "dynamic" || lazy === "writeOnly")) {
      throw new ArgumentError(
        `${kind}(): lazy: "${lazy}" is for collections; a to-one relationship is "select", "joined", "selectin" …`,
      );
    }
    this.kind = kind;
    this.target = target;
    this.settings = settings;
    this.cardinality = many ? "many" : settings.nullable === false ? "one" : "maybe";
    this.lazy = lazy;
  }
}
