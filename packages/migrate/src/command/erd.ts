/** `erd`: the models' tables as a diagram. */
import { erdMermaid } from "../erd/index.js";
import { type MigrateConfig, withEnvironment } from "./config.js";

/**
 * Prints a Mermaid diagram; no connection is made. `json`: a list with one `{ database, mermaid }` per database.
 * @throws CommandError without metadata
 */
export async function erd(config: MigrateConfig, options: { readonly json?: boolean | undefined } = {}): Promise<void> {
  await withEnvironment(config, { offline: true }, async (environment) => {
    const drawn = (await environment.compared()).map(({ metadata, engine, scope }) => ({
      database: scope?.name ?? null,
      mermaid: erdMermaid(metadata, engine.dialect),
    }));
    if (options.json) environment.data(drawn);
    else for (const { mermaid } of drawn) environment.print(mermaid);
  });
}
