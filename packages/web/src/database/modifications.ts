/** What a transaction changed, told once it is committed. Source: Flask-SQLAlchemy "Tracking Modifications". */
import { Events } from "@athanor/core";
import { inspect, type Session, type TransactionInfo } from "@athanor/orm";
import type { App } from "../app/app.js";
import { currentScope } from "../scope/scope.js";
import type { ScopedSession } from "./session-scope.js";

/** An object and what became of its row. */
export interface ModelChange {
  readonly model: object;
  readonly operation: "insert" | "update" | "delete";
}
export interface ModelsEvent {
  readonly app: App;
  /** Each object once, in the order of its first change. */
  readonly changes: readonly ModelChange[];
}
export interface DatabaseEvents {
  /** Everything is written and can still be undone: throwing here leaves the commit undone. */
  beforeModelsCommitted: (event: ModelsEvent) => unknown;
  /** The transaction is over. */
  modelsCommitted: (event: ModelsEvent) => unknown;
}
export type DatabaseEventName = keyof DatabaseEvents;

type Operation = ModelChange["operation"];
type Changes = Map<object, Operation>;

/** What a second change makes of the first, in one transaction; undefined: nothing is left of it. */
function together(before: Operation | undefined, now: Operation): Operation | undefined {
  if (before === undefined) return now;
  if (before === "insert") return now === "delete" ? undefined : "insert";
  // A row that went and came back is, to the others, one that changed.
  return before === "delete" && now === "insert" ? "update" : now;
}

/** False where every value was set back to what it was. */
function isChanged(model: object): boolean {
  const seen = inspect(model);
  return [...seen.mapper.attributes, ...seen.mapper.relationships].some(({ key }) => {
    const { added, deleted } = seen.history(key);
    return added.length > 0 || deleted.length > 0;
  });
}

/** Changes of one session, with what they were when each savepoint began. */
class Ledger {
  changes: Changes = new Map();
  outermost: TransactionInfo | undefined;
  readonly savepoints = new WeakMap<TransactionInfo, Changes>();
}

/** Follows the sessions of apps that asked for it with DATABASE_TRACK_MODIFICATIONS. */
export class Modifications extends Events<DatabaseEvents> {
  readonly #apps = new WeakSet<object>();
  readonly #ledgers = new WeakMap<object, Ledger>();
  #follows = false;

  constructor() {
    super(["beforeModelsCommitted", "modelsCommitted"]);
  }

  /** From now on changes in scopes of this app are told. */
  track(app: App, session: ScopedSession): void {
    this.#apps.add(app);
    if (this.#follows) return;
    this.#follows = true;
    const of = (event: { readonly session: object }): Ledger => {
      let ledger = this.#ledgers.get(event.session);
      if (ledger === undefined) this.#ledgers.set(event.session, (ledger = new Ledger()));
      return ledger;
    };
    session.on("afterTransactionCreate", (event) => {
      if (event.transaction.nested) of(event).savepoints.set(event.transaction, new Map(of(event).changes));
      else of(event).outermost = event.transaction;
    });
    session.on("afterTransactionEnd", (event) => {
      // Closed without a commit. After one, a listener may have begun the next transaction already.
      if (of(event).outermost === event.transaction) of(event).changes = new Map();
    });
    session.on("afterFlush", (event) => this.#note(of(event).changes, event.session as Session));
    session.on("afterSoftRollback", (event) => {
      of(event).changes = of(event).savepoints.get(event.previousTransaction) ?? new Map();
    });
    session.on("beforeCommit", async (event) => {
      // What is still to be written belongs to the commit.
      await (event.session as Session).flush();
      await this.#tell("beforeModelsCommitted", of(event).changes);
    });
    session.on("afterCommit", async (event) => {
      const { changes } = of(event);
      of(event).changes = new Map();
      await this.#tell("modelsCommitted", changes);
    });
  }

  #note(changes: Changes, session: Session): void {
    const put = (model: object, operation: Operation) => {
      const now = together(changes.get(model), operation);
      if (now === undefined) changes.delete(model);
      else changes.set(model, now);
    };
    for (const model of session.new) put(model, "insert");
    for (const model of session.dirty) if (isChanged(model)) put(model, "update");
    for (const model of session.deleted) put(model, "delete");
  }

  async #tell(name: DatabaseEventName, changes: Changes): Promise<void> {
    const app = currentScope()?.owner;
    if (changes.size === 0 || app === undefined || !this.#apps.has(app)) return;
    const list = [...changes].map(([model, operation]): ModelChange => ({ model, operation }));
    // Only apps were put into the set.
    for (const listener of this.of(name)) await listener({ app: app as App, changes: list });
  }
}
