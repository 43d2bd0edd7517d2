/** `erd`: the models' tables as a diagram. */
import { erdMermaid } from "../erd/index.js";
import { type MigrateConfig, withEnvironment } from "./config.js";

/** Prints a Mermaid diagram; no connection is made. @throws CommandError without metadata */
export async function erd(config: MigrateConfig): Promise<void> {
  await withEnvironment(config, { offline: true }, async (environment) => {
    for (const { metadata, engine } of await environment.compared())
      environment.print(erdMermaid(metadata, engine.dialect));
  });
}
