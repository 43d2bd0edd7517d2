/**
 * The environment file: the user's own code, asked on every command that touches a database. It says which database
 * and which tables the migrations are about.
 */
import type { Engine, MetaData } from "@athanor/core";

/** What the environment file is told. */
export interface EnvironmentInput {
  /** The migration directory, absolute. */
  readonly directory: string;
  /** URL of the command line or of `athanor.config.ts`, if there is one. */
  readonly url?: string | undefined;
  /** `-x key=value`; a bare `-x flag` is "". */
  readonly x: Readonly<Record<string, string>>;
  /** `--tag`. */
  readonly tag?: string | undefined;
  /** True for `--sql`: no connection will be made. */
  readonly offline: boolean;
  /** Engine and metadata of the program the command runs in, a web app for example. */
  readonly injected?: EnvironmentSettings | undefined;
}

/** What it answers. One of `url` and `engine` is needed, or `databases`; `metadata` only for autogenerate and `check`. */
export interface EnvironmentSettings extends DatabaseSettings {
  /** Several databases that share the revision files, by name, the default one first. */
  readonly databases?: Readonly<Record<string, DatabaseSettings>> | undefined;
  /** Handed to the template of new revision files. */
  readonly templateArgs?: Readonly<Record<string, unknown>> | undefined;
}
/** One database: where it is, what belongs into it, and who shares it. */
export interface DatabaseSettings {
  readonly url?: string | undefined;
  readonly engine?: Engine | undefined;
  readonly metadata?: MetaData | readonly MetaData[] | undefined;
  /** Schemas or databases that all get the same revisions. */
  readonly tenants?: Tenants | undefined;
}
/** A tenant with a schema of its own in the database, or with a database of its own. */
export interface TenantConfig {
  readonly name: string;
  /** Default the name. Not for tenants with a URL or an engine. */
  readonly schema?: string | undefined;
  readonly url?: string | undefined;
  readonly engine?: Engine | undefined;
}
/** Names of schemas, tenants one by one, or what finds them in the database. */
export type Tenants =
  | readonly (string | TenantConfig)[]
  | ((engine: Engine) => readonly (string | TenantConfig)[] | Promise<readonly (string | TenantConfig)[]>);

/** The default export of `env.ts`. */
export type EnvironmentFile = (input: EnvironmentInput) => EnvironmentSettings | Promise<EnvironmentSettings>;

/** Text of a new `env.ts` or `env.js`. */
export function environmentFileText(language: "ts" | "js", databases = false): string {
  const typed = language === "ts";
  return `/**
 * Migration environment: runs on every command that touches a database.
 */
${typed ? 'import type { EnvironmentInput, EnvironmentSettings } from "@athanor/migrate";\n' : ""}
export default async function environment(input${typed ? ": EnvironmentInput" : ""})${typed ? ": Promise<EnvironmentSettings>" : ""} {
  // Inside an app, its own database and models.
  if (input.injected !== undefined) return input.injected;
  return {
${databases ? SEVERAL : ONE}  };
}
`;
}
const ONE = `    // The database to migrate. A URL given on the command line wins.
    url: input.url ?? process.env["DATABASE_URL"] ?? "sqlite:///app.db",

    // The tables your models declare, for 'revision --autogenerate' and 'check':
    // metadata: (await import("../models.js")).db.metadata,
`;
const SEVERAL = `    // The default database first. Each has its own version table and its own function in every revision.
    databases: {
      default: {
        url: process.env["DATABASE_URL"] ?? "sqlite:///app.db",
        // The tables your models declare, for 'revision --autogenerate' and 'check':
        // metadata: (await import("../models.js")).db.metadata,
      },
      users: {
        url: process.env["USERS_DATABASE_URL"] ?? "sqlite:///users.db",
        // metadata: (await import("../models.js")).users.metadata,
      },
    },
`;

/** Text of the README in a new migration directory. */
export function readmeText(): string {
  return `Database migrations of this project.

env.ts      which database and which tables; edit this first
versions/   one file per change; commit them together with the code that needs them

  athanor db revision -m "what changes"     a new, empty revision
  athanor db migrate -m "what changes"      a revision from the difference between models and database
  athanor db upgrade                        apply what is missing
  athanor db downgrade                      undo the last one
  athanor db history                        list them

Order follows 'downRevision' in the files, never dates or file names. Always read a generated file before applying it.
`;
}
