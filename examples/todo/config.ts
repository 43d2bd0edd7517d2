import { randomBytes } from "node:crypto";

export class Config {
  /** Without one in the environment, a new key for each start: open pages must then be reloaded, and nobody can guess it. */
  SECRET_KEY = process.env.SECRET_KEY ?? randomBytes(32).toString("hex");
  /** SQLite in the folder `instance` unless the environment names another database. */
  DATABASE_URL = process.env.DATABASE_URL ?? "sqlite:///todo.db";
}
