/**
 * Options of statements that mean something to the program alone: listeners of `doOrmExecute` read them. They go on to
 * the lazy loads of what the statement brought. Source: SQLAlchemy "UserDefinedOption".
 */
import { Element, type KeyWriter, type LoadFace, OP } from "@athanor/core";

/**
 * @example
 * class Cached extends UserDefinedOption<number> {}
 * select(User).options(new Cached(60))
 */
export class UserDefinedOption<T = unknown> extends Element implements LoadFace<never, [], never> {
  readonly kind: string = "userOption";
  readonly payload: T;
  /** Goes with the loads that follow. */
  readonly propagateToLoaders: boolean = true;
  // What the types of loader options ask for; nothing of it exists.
  declare readonly root: never;
  declare readonly path: [];
  declare readonly target: never;
  declare readonly below: {};
  constructor(payload: T) {
    super();
    this.payload = payload;
  }
  /** It changes nothing of the SQL, so nothing of the key but its presence. */
  walk(key: KeyWriter): void {
    key.id(OP.option);
    key.id(-7);
  }
}

/** Runs a statement on one shard: `select(User).options(setShardId("asia"))`. */
export class ShardIdOption extends UserDefinedOption<unknown> {
  override readonly propagateToLoaders: boolean;
  constructor(id: unknown, propagateToLoaders: boolean) {
    super(id);
    this.propagateToLoaders = propagateToLoaders;
  }
}
/**
 * Sends a statement to one shard, and so the loads that follow. Source: SQLAlchemy "set_shard_id".
 *
 * @example await session.scalars(select(User).options(setShardId("asia"))).all()
 */
export function setShardId(
  id: unknown,
  { propagateToLoaders = true }: { readonly propagateToLoaders?: boolean } = {},
): ShardIdOption {
  return new ShardIdOption(id, propagateToLoaders);
}
