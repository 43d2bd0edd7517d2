/**
 * The models of one base: by name, on one MetaData, configured together at first use. Configuration happens once per
 * set of models; a failure is remembered and thrown again until the set changes. Source: SQLAlchemy "registry".
 */
import { ArgumentError, type MetaData } from "@athanor/core";
import { configureDeclarations } from "./configure.js";
import type { Declaration, RegistryFace } from "./declaration.js";
import type { Mapper } from "./mapper.js";

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
    this.#running = true;
    const fresh = this.#declarations.slice(this.#done);
    try {
      this.#mappers.push(...configureDeclarations(fresh, this.#declarations));
      this.#done += fresh.length;
      this.generation++;
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
