/**
 * A model as declared: names, definitions and getters, not yet evaluated. Made by `Model("User", { … })` before the
 * user's class exists; knows the class once anything is asked of it.
 */

import {
  ArgumentError,
  ColumnDefinition,
  type MetaData,
  type NamingStrategy,
  requireKnownOptions,
  type Table,
} from "@athanor/core";
import {
  ColumnPropertyDefinition,
  DiscriminatedByExpression,
  DiscriminatorDefinition,
  type ExpressionDefinition,
} from "./column-property.js";
import { RelationshipDefinition, type RelationValidator } from "./relationship.js";
import type { DeclarationFace, Managed } from "./state.js";
import { SynonymDefinition } from "./synonym.js";

/** Makes the next version from the one before, null for a new row; false: the database or the program does. */
export type VersionGenerator = ((current: unknown) => unknown) | false;
export interface ModelSettings {
  readonly primaryKey?: readonly string[];
  readonly tableName?: string;
  readonly schema?: string;
  readonly comment?: string;
  readonly naming?: NamingStrategy;
  readonly dialectOptions?: { readonly [dialect: string]: { readonly [option: string]: unknown } };
  readonly constraints?: (columns: never) => readonly unknown[];
  readonly mixins?: readonly object[];
  readonly polymorphicOn?: string | DiscriminatedByExpression | ((columns: never) => unknown);
  readonly identity?: string | number;
  readonly abstract?: boolean;
  readonly versionIdColumn?: string;
  readonly versionIdGenerator?: VersionGenerator;
  readonly concrete?: boolean;
  readonly table?: unknown;
  readonly info?: { readonly [key: string]: unknown };
  readonly legacyIsOrphan?: boolean;
  readonly includeProperties?: readonly string[];
  readonly excludeProperties?: readonly string[];
  readonly confirmDeletedRows?: boolean;
  readonly eagerDefaults?: true;
  readonly polymorphicLoad?: "inline" | "selectin";
  readonly withPolymorphic?: "*";
}
const SETTINGS = [
  "primaryKey",
  "tableName",
  "schema",
  "comment",
  "naming",
  "dialectOptions",
  "constraints",
  "mixins",
  "polymorphicOn",
  "identity",
  "abstract",
  "versionIdColumn",
  "versionIdGenerator",
  "concrete",
  "table",
  "info",
  "legacyIsOrphan",
  "includeProperties",
  "excludeProperties",
  "confirmDeletedRows",
  "eagerDefaults",
  "polymorphicLoad",
  "withPolymorphic",
];
const RESERVED = ["constructor", "then", "prototype", "__proto__", "toJSON"];

/** The registry, as declarations see it. */
export interface RegistryFace {
  readonly metadata: MetaData;
  configure(): void;
}
/** A column or relationship that is read when every module is loaded. */
export type Thunk<T> = () => T;

export class Declaration implements DeclarationFace {
  readonly name: string;
  readonly registry: RegistryFace;
  readonly parent: Declaration | undefined;
  readonly children: Declaration[] = [];
  /** Those added by `tableConstraints()`. */
  readonly constraints: ((columns: never) => readonly unknown[])[] = [];
  readonly settings: ModelSettings;
  /** By key, in order; the discriminator may be a getter. */
  readonly columns = new Map<string, ColumnDefinition | Thunk<unknown>>();
  readonly relationships = new Map<string, Thunk<unknown>>();
  readonly expressions = new Map<string, ExpressionDefinition>();
  /** The expression that tells the classes of the hierarchy below apart. */
  readonly toldBy: DiscriminatedByExpression | undefined;
  /** The key of the attribute that has the discriminator. */
  get discriminatorKey(): string | undefined {
    const on = this.settings.polymorphicOn;
    return typeof on === "string" ? on : this.toldBy?.key;
  }
  /** The discriminator's column as written, where no column of the table is meant. */
  discriminator: ColumnDefinition | Thunk<unknown> | undefined = undefined;
  /** Other names, and what they stand for. */
  readonly synonyms = new Map<string, string>();
  /** Of relationships; columns have theirs in their accessors. */
  readonly validators = new Map<string, readonly RelationValidator[]>();
  /** What a collection's members are told of their places: `orderingList()`. */
  readonly arrangements = new Map<string, (owner: Managed, members: readonly Managed[]) => void>();
  /** Column and relationship keys, inherited ones first. */
  readonly keys: readonly string[];
  readonly strategy: "base" | "joined" | "single" | "concrete";
  generated!: Function;
  /** Somebody listens to its objects: `new` goes the way that tells. Subclasses are watched with it. */
  watched = false;
  /** All columns in index order, inherited ones first. */
  layout: readonly { readonly key: string; readonly index: number; readonly deferred: boolean }[] = [];
  /** The user's class, once seen. */
  model: Function | undefined = undefined;
  /** Set by configuration. */
  configured: { model: Function } | undefined = undefined;
  table: Table | undefined = undefined;

  constructor(name: string, props: object, settings: ModelSettings, registry: RegistryFace, parent?: Declaration) {
    if (typeof name !== "string" || !/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name))
      throw new ArgumentError(`Model(${JSON.stringify(name)}): a model's name is an identifier such as "User".`);
    requireKnownOptions(settings, SETTINGS, `Model("${name}")`, "orm.option");
    this.name = name;
    this.registry = registry;
    this.parent = parent;
    this.settings = settings;
    const on = settings.polymorphicOn;
    if (typeof on === "function") this.toldBy = new DiscriminatedByExpression(undefined, on);
    else if (on instanceof DiscriminatedByExpression) this.toldBy = on;
    if (this.toldBy !== undefined && settings.concrete === true)
      throw new ArgumentError(
        `Model("${name}"): the table tells the class of a concrete class's row: polymorphicOn is a name there.`,
        "orm.discriminator",
      );
    const polymorphicOn = typeof on === "string" ? on : this.toldBy?.key;
    this.#take(props, polymorphicOn);
    for (const mixin of settings.mixins ?? []) this.#take(mixinProps(mixin), polymorphicOn, true);
    if (parent === undefined) this.strategy = "base";
    else if (settings.concrete || parent.root.isConcrete) this.strategy = "concrete";
    else
      this.strategy =
        settings.tableName !== undefined ||
        [...this.columns.values()].some((c) => c instanceof ColumnDefinition && c.fields.primaryKey)
          ? "joined"
          : "single";
    this.keys = [
      ...new Set([
        ...(parent?.keys ?? []),
        ...this.columns.keys(),
        ...this.relationships.keys(),
        ...this.expressions.keys(),
        ...this.synonyms.keys(),
      ]),
    ];
    parent?.children.push(this);
    this.watched = parent?.watched ?? false;
  }
  /** Copies descriptors: a getter is never run before configuration, when every class it names exists. */
  #take(props: object, polymorphicOn: string | undefined, mixin = false): void {
    for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(props))) {
      if (RESERVED.includes(key) || key.startsWith("$"))
        throw new ArgumentError(`Model("${this.name}"): an attribute cannot be named '${key}'.`, "orm.reserved");
      if (mixin && (this.columns.has(key) || this.relationships.has(key))) continue;
      if (key === polymorphicOn && this.#hasVirtualDiscriminator) {
        this.discriminator = (descriptor.get?.bind(props) ?? descriptor.value) as ColumnDefinition | Thunk<unknown>;
        this.expressions.set(key, new DiscriminatorDefinition(this.toldBy?.write));
      } else if (descriptor.get !== undefined) {
        const thunk = descriptor.get.bind(props) as Thunk<unknown>;
        if (key === polymorphicOn) this.columns.set(key, thunk);
        else this.relationships.set(key, thunk);
      } else if (descriptor.value instanceof ColumnDefinition) this.columns.set(key, descriptor.value);
      else if (descriptor.value instanceof SynonymDefinition) this.synonyms.set(key, descriptor.value.target);
      else if (descriptor.value instanceof ColumnPropertyDefinition) this.expressions.set(key, descriptor.value);
      else if (descriptor.value instanceof RelationshipDefinition) {
        const { value } = descriptor;
        this.relationships.set(key, () => value);
      } else {
        throw new ArgumentError(
          `Model("${this.name}"): '${key}' is neither a column such as integer() nor a relationship such as get ${key}() { return oneToMany(Other); }.`,
          "orm.no-definition",
        );
      }
    }
  }
  /** Each class of the hierarchy has a table of its own, and queries read them together. */
  get isConcrete(): boolean {
    return this.settings.concrete === true && this.settings.polymorphicOn !== undefined && this.parent === undefined;
  }
  get #hasVirtualDiscriminator(): boolean {
    return this.isConcrete || this.toldBy !== undefined;
  }
  /** A class of a concrete hierarchy without rows: there is no table of it. */
  get hasNoTable(): boolean {
    return this.settings.abstract === true && this.root.isConcrete;
  }
  /** Configures the models of the registry on first use. */
  get mapper(): unknown {
    if (this.configured === undefined) this.registry.configure();
    return this.configured;
  }
  watch(): void {
    this.watched = true;
    for (const child of this.children) child.watch();
  }
  /** Remembers the user's class: the nearest above the generated one. */
  capture(seen: Function): void {
    let model = seen;
    if (model !== this.generated) {
      for (
        let up = Object.getPrototypeOf(model) as Function | null;
        up !== null && up !== this.generated;
        up = Object.getPrototypeOf(up) as Function | null
      )
        model = up;
    }
    if (model === this.model || (this.model !== undefined && model === this.generated)) return;
    this.model = model;
    if (this.configured !== undefined) this.configured.model = model;
  }
  get root(): Declaration {
    return this.parent === undefined ? this : this.parent.root;
  }
  toString(): string {
    return this.name;
  }
}

/** The definitions of a mixin: the object itself, or what `Mixin({…})` was given. */
function mixinProps(mixin: object): object {
  if (typeof mixin !== "function") return mixin;
  const props = (mixin as { readonly $mixin?: object }).$mixin;
  if (props === undefined)
    throw new ArgumentError(
      `mixins: '${(mixin as Function).name}' is a class that does not come from Mixin({ … }).`,
      "orm.mixin",
    );
  return props;
}

/** The declaration behind a class, an instance's prototype or an alias; undefined for anything else. */
export function declarationOf(value: unknown): Declaration | undefined {
  if (typeof value !== "function") return undefined;
  const prototype = (value as { readonly prototype?: { readonly $$d?: Declaration } }).prototype;
  const found = prototype?.$$d;
  if (found !== undefined) found.capture(value);
  return found;
}
