// Takes a pulled file through what a user does with it: compiles it, imports it, makes a database of it, reflects again.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Connection, type Engine, inspect, type MetaData, type ReflectedTable } from "@athanor/core";
import { describeDifferences, MigrationContext, MigrationLog, produceMigrations } from "@athanor/migrate";
import type { ModelBase } from "@athanor/orm";
import { expect } from "vitest";

const root = join(import.meta.dirname, "../../../..");
/** Inside the repository, so that the packages are found as they are from any project. */
export class PulledFiles {
  readonly folder = join(import.meta.dirname, `.pulled-${randomUUID()}`);
  #count = 0;
  async write(source: string): Promise<string> {
    await mkdir(this.folder, { recursive: true });
    const path = join(this.folder, `models${++this.#count}.ts`);
    await writeFile(path, source);
    return path;
  }
  /** What strict TypeScript says about the file (and a further one that uses it); "" when it is content. */
  async diagnostics(path: string, compiler = "node_modules/typescript", usage?: string): Promise<string> {
    const files = [path];
    if (usage !== undefined) {
      const using = path.replace(/\.ts$/, ".usage.ts");
      await writeFile(using, usage);
      files.push(using);
    }
    const config = join(this.folder, `tsconfig${this.#count}.json`);
    const compilerOptions = {
      noEmit: true,
      allowImportingTsExtensions: true,
      typeRoots: [join(root, "node_modules/@types")],
      noUnusedLocals: true,
    };
    await writeFile(config, JSON.stringify({ extends: join(root, "tsconfig.base.json"), compilerOptions, files }));
    const run = promisify(execFile)(process.execPath, [join(root, compiler, "bin/tsc"), "-p", config], { cwd: root });
    const said = await run.then(
      () => "",
      (error: { stdout: string }) => error.stdout,
    );
    // Lines of our own sources belong to whoever is working on them just now.
    return said
      .split("\n")
      .filter((line) => line.includes(".pulled-"))
      .join("\n");
  }
  async load(
    path: string,
  ): Promise<{ readonly Base: ModelBase & { readonly metadata: MetaData } } & { readonly [name: string]: unknown }> {
    return import(/* @vite-ignore */ path);
  }
  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

export const reflect = (connection: Connection): Promise<readonly ReflectedTable[]> => inspect(connection).tables();

/** What has to be equal in a database made from the pulled models. */
export function comparable(tables: readonly ReflectedTable[], options: { readonly exactTypes: boolean }) {
  return tables
    .filter((t) => !t.isView)
    .map((t) => ({
      ...t,
      source: undefined,
      triggers: undefined,
      columns: t.columns.map((c) => ({
        ...c,
        type: c.type.toString(),
        databaseType: options.exactTypes ? c.databaseType : undefined,
      })),
      // A set: databases give them in the order they were made, or by a number of their own.
      foreignKeys: sorted(t.foreignKeys),
      uniqueConstraints: sorted(t.uniqueConstraints),
      // MariaDB gives a check beside a column no name, and one of the table a number.
      checks: sorted(t.checks.map((c) => ({ ...c, name: /^CONSTRAINT_\d+$/.test(c.name ?? "") ? undefined : c.name }))),
      indexes: sorted(
        t.indexes.filter((i) => i.impliedByForeignKey === undefined).map((i) => ({ ...i, source: undefined })),
      ),
    }));
}
const sorted = <T>(list: readonly T[]): T[] =>
  [...list].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** Creates the models' tables in a fresh database and expects to find there what was in the first. */
export async function expectSameDatabase(
  before: readonly ReflectedTable[],
  metadata: MetaData,
  fresh: Engine,
  options = { exactTypes: true },
): Promise<void> {
  await metadata.createAll(fresh);
  const after = await fresh.begin(reflect);
  expect(comparable(after, options)).toEqual(comparable(before, options));
}

/** Autogenerate's own word on it: operations that would lead from the database to the models. */
export async function differences(engine: Engine, metadata: MetaData): Promise<readonly string[]> {
  const connection = await engine.connect({ isolationLevel: "AUTOCOMMIT" });
  try {
    const context = MigrationContext.online(connection, { log: new MigrationLog(() => {}) });
    return describeDifferences(await produceMigrations(context, [metadata]));
  } finally {
    await connection.close();
  }
}
