/** `db.Model`: the ORM's declarations on the tables of a Database, with the bind as one more option. */
import type { MetaData } from "@athanor/core";
import {
  declarativeBase,
  type HasSession,
  type Instance,
  type Mapped,
  type Mapper,
  type ModelBase,
  type ModelFactory,
  setSessionResolver,
} from "@athanor/orm";
import type { BindTables } from "./binds.js";

/** A class whose methods and statics every model gets. */
export type ModelBaseClass = abstract new () => object;

/** `{ bind: "auth" }` puts the model's table into that database. */
export interface BindOption {
  readonly bind?: string;
}

/** What `db.Model` is: the ORM's `Model` and the option `bind`. */
export interface DatabaseModel<B extends ModelBaseClass>
  extends ModelFactory<Mapped & Instance<B>, Omit<B, "prototype">, BindOption>,
    ModelBase {}

type Declare = (name: string, props: object, options?: object) => Function;
interface Registered {
  readonly registry: { configure(): void; readonly mappers: readonly Mapper[] };
}

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** A toString() of the user's own is what the shell and console.log show, as Python shows __repr__. */
function showAsText(model: Function): Function {
  const prototype = model.prototype as { toString: () => string; [INSPECT]?: (...args: unknown[]) => unknown };
  const { toString } = prototype;
  const plain = prototype[INSPECT];
  Object.defineProperty(prototype, INSPECT, {
    configurable: true,
    writable: true,
    value(this: object, ...args: unknown[]): unknown {
      return this.toString === toString && plain !== undefined ? plain.apply(this, args) : this.toString();
    },
  });
  return model;
}

/** The bases of a Database, one per bind. */
export class Models<B extends ModelBaseClass> {
  readonly #base: B | undefined;
  readonly #tables: BindTables;
  readonly #session: () => HasSession;
  readonly #factories = new Map<string | null, Declare & Registered>();
  readonly Model: DatabaseModel<B>;

  constructor(base: B | undefined, tables: BindTables, session: () => HasSession) {
    this.#base = base;
    this.#tables = tables;
    this.#session = session;
    const main = this.#factory(null);
    const declare: Declare = (name, props, options = {}) => {
      const { bind, ...rest } = options as BindOption;
      return showAsText((bind === undefined ? main : this.#factory(bind))(name, props, rest));
    };
    const metadata: MetaData = tables.metadata(null);
    // The types of the ORM's factory, over a function that only takes `bind` away first.
    this.Model = Object.assign(declare, { metadata, registry: main.registry }) as unknown as DatabaseModel<B>;
  }

  #factory(key: string | null): Declare & Registered {
    let factory = this.#factories.get(key);
    if (factory === undefined) {
      const made = declarativeBase(this.#base ?? Object, { metadata: this.#tables.metadata(key) });
      setSessionResolver(made, this.#session);
      factory = made as unknown as Declare & Registered;
      this.#factories.set(key, factory);
    }
    return factory;
  }

  /** Every declared model by name; of two with one name in different binds, the first. */
  byName(): Record<string, Function> {
    const found: Record<string, Function> = {};
    for (const { registry } of this.#factories.values())
      for (const { name, model } of registry.mappers) found[name] ??= model;
    return found;
  }
}
