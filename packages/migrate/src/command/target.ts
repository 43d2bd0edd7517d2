/** One database, or one tenant's part of it, as a command works on it. */
import { type Connection, type Engine, isRetryable, type MetaData } from "@athanor/core";
import { MigrationContext, type MigrationContextOptions, milliseconds } from "../runtime/index.js";
import type { DatabaseScope } from "../script/index.js";

export interface TargetParts {
  readonly engine: Engine;
  readonly metadata: readonly MetaData[];
  /** Of several databases, which one. */
  readonly scope: DatabaseScope | undefined;
  readonly tenant: string | undefined;
  /** The tenant's schema; undefined for tenants with a database of their own. */
  readonly schema: string | undefined;
  readonly options: MigrationContextOptions;
  readonly write: (text: string) => void;
}

export class MigrationTarget {
  readonly engine: Engine;
  readonly metadata: readonly MetaData[];
  readonly scope: DatabaseScope | undefined;
  readonly tenant: string | undefined;
  readonly schema: string | undefined;
  readonly #options: MigrationContextOptions;
  readonly #write: (text: string) => void;

  constructor(parts: TargetParts) {
    this.engine = parts.engine;
    this.metadata = parts.metadata;
    this.scope = parts.scope;
    this.tenant = parts.tenant;
    this.schema = parts.schema;
    this.#write = parts.write;
    this.#options = { ...parts.options, database: parts.scope?.name, tenant: parts.tenant, schema: parts.schema };
  }
  /** `database users`, `tenant acme`; "" for the only database. */
  get label(): string {
    const parts = [
      ...(this.scope === undefined ? [] : [`database ${this.scope.name}`]),
      ...(this.tenant === undefined ? [] : [`tenant ${this.tenant}`]),
    ];
    return parts.join(", ");
  }
  /** Password masked. */
  get url(): string {
    return this.engine.url.toString();
  }
  /** Name of the file its script goes into where there are several. */
  get fileName(): string {
    return `${[this.scope?.name, this.tenant]
      .filter((n) => n !== undefined)
      .join("-")
      .replaceAll(/[^\p{L}\p{N}._-]/gu, "_")}.sql`;
  }

  /** SQLite may refuse a connection while another process opens the same new file: that passes. */
  async #connect(): Promise<Connection> {
    const until = performance.now() + milliseconds(this.#options.lockWait ?? 60_000, "lockWait");
    for (let pause = 10; ; pause = Math.min(pause * 2, 500)) {
      try {
        return await this.engine.connect({ isolationLevel: "AUTOCOMMIT" });
      } catch (error) {
        if (!isRetryable(error) || performance.now() >= until) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  /** Runs work with a context on a connection of its own, in the tenant's schema. */
  async online<T>(
    work: (context: MigrationContext) => Promise<T>,
    options: { readonly announce?: boolean } = {},
  ): Promise<T> {
    const connection = await this.#connect();
    try {
      const context = MigrationContext.online(connection, this.#options);
      const leave = this.schema === undefined ? undefined : await context.impl.enterSchema(connection, this.schema);
      try {
        if (options.announce ?? true) context.announce();
        return await work(context);
      } finally {
        await leave?.();
      }
    } finally {
      await connection.close();
    }
  }
  /** A context that writes. */
  script(write: (text: string) => void = this.#write): MigrationContext {
    const context = MigrationContext.offline(this.engine.dialect, write, this.#options);
    context.announce();
    return context;
  }
}
