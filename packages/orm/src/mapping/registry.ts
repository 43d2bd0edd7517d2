/**
 * The models of one base: by name, on one MetaData, configured together at first use. Configuration happens once per
 * set of models; a failure is remembered and thrown again until the set changes. Source: SQLAlchemy "registry".
 */
import { ArgumentError, Events, type ListenOptions, type MetaData } from "@athanor/core";
import { configureDeclarations } from "./configure.js";
import type { Declaration, RegistryFace } from "./declaration.js";
import type { Mapper } from "./mapper.js";

/** What happens to the models of a base; all synchronous. Source: SQLAlchemy "Mapper Events". */
export interface RegistryEvents {
  /** A model was declared: its class is made, nothing is configured. */
  instrumentClass: (event: { readonly name: string; readonly model: Function }) => void;
  /** Before configuration, when there is something new: models declared here take part. */
  beforeConfigured: (event: { readonly registry: Registry }) => void;
  /** Of each model, in order of declaration, once all are configured. */
  mapperConfigured: (event: { readonly mapper: Mapper; readonly model: Function }) => void;
  afterConfigured: (event: { readonly registry: Registry }) => void;
}
export class Registry implements RegistryFace {
  readonly metadata: MetaData;
  readonly #declarations: Declaration[] = [];
  readonly #byName = new Map<string, Declaration>();
  readonly #mappers: Mapper[] = [];
  #done = 0;
  #failure: unknown;
  #failed = false;
  #running = false;
  /** Counts configurations: caches that depend on all mappers compare it. */
  generation = 0;

  readonly events = new Events<RegistryEvents>([
    "instrumentClass",
    "beforeConfigured",
    "mapperConfigured",
    "afterConfigured",
  ]);
  /** Adds a listener; gives the function that removes it. @throws ArgumentError for an unknown event */
  on<K extends keyof RegistryEvents>(name: K, listener: RegistryEvents[K], options?: ListenOptions): () => void {
    return this.events.on(name, listener, options);
  }

  constructor(metadata: MetaData) {
    this.metadata = metadata;
  }
  add(declaration: Declaration): void {
    const first = this.#byName.get(declaration.name);
    if (first !== undefined) {
      throw new ArgumentError(
        `There are two models named '${declaration.name}' in one registry: give one another name, or a base of its own with declarativeBase().`,
        "orm.duplicate-model",
      );
    }
    this.#byName.set(declaration.name, declaration);
    this.#declarations.push(declaration);
    this.#failed = false;
  }
  declaration(name: string): Declaration | undefined {
    return this.#byName.get(name);
  }
  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }
  /**
   * Evaluates every getter, resolves foreign keys and relationships. Cheap when nothing is new.
   *
   * @throws MappingError, ArgumentError for what cannot be right in a declaration
   */
  configure(): void {
    if (this.#failed) throw this.#failure;
    if (this.#done === this.#declarations.length || this.#running) return;
    this.events.emit("beforeConfigured", { registry: this });
    this.#running = true;
    const fresh = this.#declarations.slice(this.#done);
    try {
      this.#mappers.push(...configureDeclarations(fresh, this.#declarations));
      this.#done += fresh.length;
      this.generation++;
      this.#running = false;
      for (const d of fresh)
        this.events.emit("mapperConfigured", { mapper: d.configured as Mapper, model: d.model ?? d.generated });
      this.events.emit("afterConfigured", { registry: this });
    } catch (error) {
      for (const d of fresh) d.configured = undefined;
      this.#failed = true;
      this.#failure = error;
      throw error;
    } finally {
      this.#running = false;
    }
  }
  /** Relationships are still being tied: what is asked for now knows columns only. */
  get isConfiguring(): boolean {
    return this.#running;
  }
  /** All mappers, in order of declaration. */
  get mappers(): readonly Mapper[] {
    this.configure();
    return this.#mappers;
  }
}
