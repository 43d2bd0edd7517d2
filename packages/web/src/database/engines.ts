/** The engines of one app, made when they are first used. Source: Flask-SQLAlchemy "Configuration", engine defaults. */
import { mkdirSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { createEngine, dialectFor, didYouMean, type Engine, type Url } from "@athanor/core";
import { DatabaseSetupError } from "./errors.js";
import type { BindSettings, DatabaseSettings } from "./settings.js";

/** Servers drop idle connections, MySQL after eight hours: connections are replaced before that. Seconds. */
const RECYCLE = 7200;

/** Databases inside the process, on a file or in memory, say how many connections a URL allows; servers do not. */
function isEmbedded(url: Url): boolean {
  return "singleConnection" in dialectFor(url);
}

/** A relative file lies in the app's instance folder, wherever the program was started. */
export function placeFile(url: Url, instancePath: string): Url {
  const { database } = url;
  if (database === undefined || !isEmbedded(url)) return url;
  const path = database.startsWith("file:") ? database.slice(5) : database;
  if (path === "" || path === ":memory:" || url.option("mode") === "memory" || path.startsWith("memory:")) return url;
  return isAbsolute(path) ? url : url.set({ database: join(instancePath, path) });
}

function open({ url, options }: BindSettings, instancePath: string): Engine {
  const placed = placeFile(url, instancePath);
  if (placed !== url && placed.database !== undefined) mkdirSync(dirname(placed.database), { recursive: true });
  return createEngine(placed, isEmbedded(url) ? options : { poolRecycle: RECYCLE, ...options });
}

/** Engines by bind key. */
export class Engines {
  readonly #settings: DatabaseSettings;
  readonly #instancePath: string;
  readonly #made = new Map<string | null, Engine>();
  readonly #onMake: (engine: Engine) => void;

  constructor(settings: DatabaseSettings, instancePath: string, onMake: (engine: Engine) => void) {
    this.#settings = settings;
    this.#instancePath = instancePath;
    this.#onMake = onMake;
  }

  get keys(): readonly (string | null)[] {
    return [...this.#settings.binds.keys()];
  }

  /** @throws DatabaseSetupError "database.bind" */
  get(key: string | null): Engine {
    const made = this.#made.get(key);
    if (made !== undefined) return made;
    const settings = this.#settings.binds.get(key);
    if (settings === undefined) throw this.#unknown(key);
    const engine = open(settings, this.#instancePath);
    this.#made.set(key, engine);
    this.#onMake(engine);
    return engine;
  }

  #unknown(key: string | null): DatabaseSetupError {
    if (key === null) {
      return new DatabaseSetupError(
        "database.bind",
        `This app has no default database, only binds (${this.keys.join(", ")}): set DATABASE_URL, or give the model { bind: "…" }.`,
      );
    }
    const known = this.keys.filter((k) => k !== null);
    return new DatabaseSetupError(
      "database.bind",
      `There is no bind '${key}' in DATABASE_BINDS.${didYouMean(key, known)} It has: ${known.join(", ") || "nothing"}.`,
    );
  }

  /** URLs with the password masked, the default first. */
  describe(): readonly string[] {
    return this.keys.map((key) => String(placeFile(this.#settings.binds.get(key)!.url, this.#instancePath)));
  }

  /** Every bind with its engine. */
  all(): ReadonlyMap<string | null, Engine> {
    return new Map(this.keys.map((key) => [key, this.get(key)]));
  }

  /** Closes the connections; the engines may be used again. @throws AggregateError when several fail */
  async dispose(): Promise<void> {
    const results = await Promise.allSettled([...this.#made.values()].map((engine) => engine.dispose()));
    const failed = results.flatMap((r) => (r.status === "rejected" ? [r.reason as unknown] : []));
    if (failed.length > 0) throw new AggregateError(failed, `${failed.length} engine(s) could not be closed.`);
  }
}
