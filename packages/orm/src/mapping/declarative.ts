/**
 * `Model("User", { … })`, bases, mixins and subclasses: the run time of declarations. Types are in `typing/model.ts`.
 * Source: SQLAlchemy "Declarative Mapping".
 */

import type { ColumnDefinition } from "@athanor/core";
import { ArgumentError, defaultMetaData, entityElement, fromClause, type MetaData } from "@athanor/core";
import { classAttributes, entityOf, fromOfMapper } from "../query/entity.js";
import { mappedSource } from "../query/source.js";
import { buildModelTable, fullTableName, isMapped } from "./configure.js";
import { Declaration, declarationOf, type ModelSettings } from "./declaration.js";
import { makeClass, type SlotLayout } from "./instrument.js";
import type { Mapper } from "./mapper.js";
import { Registry } from "./registry.js";

function declarationOfClass(model: Function): Declaration {
  return declarationOf(model) as Declaration;
}
/**
 * The mapper of a model class, an alias's model or an instance's class; configures the models on first use.
 *
 * @throws ArgumentError for what is no model
 */
export function mapperOf(model: unknown): Mapper {
  const declaration = declarationOf(model);
  if (declaration !== undefined) return declaration.mapper as Mapper;
  const source = (model as { readonly source?: { readonly mapper?: Mapper } } | null)?.source?.mapper;
  if (source !== undefined) return source;
  const own = (model as { readonly $$d?: Declaration } | null | undefined)?.$$d;
  if (own !== undefined) return own.mapper as Mapper;
  throw new ArgumentError(
    'A model class is needed, such as class User extends Model("User", { … }) {}.',
    "orm.no-model",
  );
}

/** How `User.query()` makes a query; installed by `query/`, which knows sessions. */
let makeQuery: ((model: unknown) => unknown) | undefined;
export function installModelQuery(make: (model: unknown) => unknown): void {
  makeQuery = make;
}

const mapperRegistry = (model: Function): Registry => declarationOfClass(model).registry as Registry;
const attributesOf = new WeakMap<Function, object>();
/** Static members of every model. They are called on the user's class, which thereby becomes known. */
const statics: PropertyDescriptorMap = {
  c: {
    configurable: true,
    get(this: Function) {
      let found = attributesOf.get(this);
      if (found === undefined) {
        const mapper = declarationOfClass(this).mapper as Mapper;
        found = classAttributes(mappedSource(mapper), this);
        if (!mapperRegistry(this).isConfiguring) attributesOf.set(this, found);
      }
      return found;
    },
  },
  [fromClause]: {
    get(this: Function) {
      return fromOfMapper(declarationOfClass(this).mapper as Mapper);
    },
  },
  [entityElement]: {
    get(this: Function) {
      return entityOf(declarationOfClass(this).mapper as Mapper);
    },
  },
  query: {
    configurable: true,
    writable: true,
    value: function query(this: Function) {
      declarationOfClass(this);
      if (makeQuery === undefined) throw new ArgumentError("query(): import from @athanor/orm's entry.");
      return makeQuery(this);
    },
  },
  register: {
    configurable: true,
    writable: true,
    value: function register(this: Function) {
      declarationOfClass(this);
    },
  },
  subclass: {
    configurable: true,
    writable: true,
    value: function subclass(this: Function, name: string, props: object, settings: ModelSettings = {}) {
      const parent = declarationOfClass(this);
      if (
        parent.table !== undefined &&
        settings.tableName === undefined &&
        !settings.concrete &&
        !parent.root.isConcrete &&
        Object.keys(props).length > 0
      ) {
        throw new ArgumentError(
          `${parent.name}.subclass("${name}"): the table of ${parent.name} is built already, so no class can add columns to it. Import all models before using one.`,
          "orm.too-late",
        );
      }
      return declare(name, props, settings, parent.registry as Registry, this, parent);
    },
  },
};

function declare(
  name: string,
  props: object,
  settings: ModelSettings,
  registry: Registry,
  base: Function | undefined,
  parent?: Declaration,
): Function {
  const declaration = new Declaration(name, props, settings, registry, parent);
  const own = declaration.strategy === "concrete" || parent === undefined;
  if (settings.table === undefined && declaration.strategy !== "single" && !declaration.hasNoTable) {
    registry.metadata.register(fullTableName(declaration), () => buildModelTable(declaration), `Model("${name}")`);
  }
  registry.add(declaration);
  const inherited = parent === undefined ? [] : inheritedColumns(parent);
  const first = inherited.length;
  const fresh = [...declaration.columns.keys()].filter((key) => !inherited.some((c) => c.key === key));
  if (settings.table !== undefined)
    for (const c of buildModelTable(declaration).columns)
      if (!fresh.includes(c.key) && isMapped(declaration, c)) fresh.push(c.key);
  const layout: SlotLayout = {
    columns: fresh.map((key, i) => ({ key, index: first + i, deferred: isDeferred(declaration, key) })),
    relationships: [...declaration.relationships.keys()],
    expressions: [...declaration.expressions.keys()],
    rowStart: inherited.filter((c) => !c.deferred).length,
  };
  declaration.layout = [...inherited, ...layout.columns];
  const made = makeClass(declaration, layout, base);
  declaration.generated = made;
  for (const [key, target] of declaration.synonyms) defineSynonym(made.prototype as object, key, target);
  if (own && parent === undefined) Object.defineProperties(made, statics);
  Object.defineProperty(made, "$", {
    value: { name, props, options: { primaryKey: settings.primaryKey ?? [], ...settings } },
    configurable: true,
  });
  for (const mixin of settings.mixins ?? []) if (typeof mixin === "function") copyMembers(mixin, made);
  registry.events.emit("instrumentClass", { name, model: made });
  return made;
}
function defineSynonym(prototype: object, key: string, target: string): void {
  Object.defineProperty(prototype, key, {
    configurable: true,
    get(this: Record<string, unknown>) {
      return this[target];
    },
    set(this: Record<string, unknown>, value: unknown) {
      this[target] = value;
    },
  });
}
function inheritedColumns(
  parent: Declaration,
): readonly { readonly key: string; readonly index: number; readonly deferred: boolean }[] {
  return parent.layout;
}
function isDeferred(declaration: Declaration, key: string): boolean {
  const definition = declaration.columns.get(key);
  return typeof definition === "object" && (definition as ColumnDefinition).fields.deferred;
}
/** Methods, accessors and statics of a mixin class, down to what `Mixin()` made. */
function copyMembers(mixin: Function, made: Function): void {
  const chain: Function[] = [];
  for (let up = mixin; !Object.hasOwn(up, "$mixin"); up = Object.getPrototypeOf(up) as Function) chain.unshift(up);
  for (const part of chain) {
    for (const [key, descriptor] of ownDescriptors(part.prototype as object))
      if (key !== "constructor") Object.defineProperty(made.prototype, key, descriptor);
    for (const [key, descriptor] of ownDescriptors(part))
      if (!["length", "name", "prototype"].includes(key as string)) Object.defineProperty(made, key, descriptor);
  }
}
function ownDescriptors(of: object): [PropertyKey, PropertyDescriptor][] {
  return Reflect.ownKeys(of).map((key) => [key, Object.getOwnPropertyDescriptor(of, key) as PropertyDescriptor]);
}

/** A factory of models over one registry. `metadata` and `registry` hang on it. */
export interface Factory {
  (name: string, props: object, settings?: ModelSettings): Function;
  readonly metadata: MetaData;
  readonly registry: Registry;
}
/**
 * Models with a base class and a MetaData of their own: what `declarativeBase(Base, { metadata })` does.
 */
export function makeBase(base: Function | undefined, metadata: MetaData): Factory {
  const registry = new Registry(metadata);
  const factory = (name: string, props: object, settings: ModelSettings = {}) =>
    declare(name, props, settings, registry, base);
  return Object.assign(factory, { metadata, registry });
}
/** What `Mixin({ … })` gives: a class to extend with methods; its columns join the models that list it. */
export function makeMixin(props: object): Function {
  class MixinBase {
    static readonly $mixin = props;
  }
  return MixinBase;
}
/** The base of `Model`: tables go to the default MetaData. */
export const defaultBase: Factory = makeBase(undefined, defaultMetaData);
