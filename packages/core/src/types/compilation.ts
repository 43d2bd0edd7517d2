/** How a class of types is spelled, said from outside. Source: SQLAlchemy "Changing Compilation of Types". */
import type { TypeResolver } from "./adapter.js";
import type { SqlType } from "./sql-type.js";

type Spell<T extends SqlType> = (type: T, dialect: TypeResolver) => string;
const spellings = new Map<string, Map<unknown, Spell<never>>>();

/**
 * Spells a class of types in DDL and CAST in another way, for one dialect or, without a name, for all. What it gives goes
 * into the SQL as it is. Call it before the first statement.
 *
 * @example registerTypeCompilation(StringType, "sqlite", (type) => `NVARCHAR(${type.length ?? 100})`);
 */
export function registerTypeCompilation<T extends SqlType>(
  type: abstract new (...args: never) => T,
  dialect: string | undefined,
  spell: Spell<T>,
): void {
  const name = dialect ?? "*";
  const own = spellings.get(name) ?? new Map<unknown, Spell<never>>();
  spellings.set(name, own.set(type, spell));
}
/** What was registered for the type's class, the dialect's own first. */
export function typeCompilation(dialects: readonly string[], type: SqlType): Spell<never> | undefined {
  if (spellings.size === 0) return undefined;
  for (const name of [...dialects, "*"]) {
    const found = spellings.get(name)?.get(type.constructor);
    if (found !== undefined) return found;
  }
  return undefined;
}
