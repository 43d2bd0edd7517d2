/** `erd`: the models' tables as a diagram. */
import { erdMermaid } from "../erd/index.js";
import { CommandEnvironment, type MigrateConfig } from "./config.js";

/** Prints a Mermaid diagram; no connection is made. @throws CommandError without metadata */
export async function erd(config: MigrateConfig): Promise<void> {
  const environment = new CommandEnvironment(config, { offline: true });
  const metadata = await environment.metadata();
  try {
    const { dialect } = await environment.engine();
    environment.print(erdMermaid(metadata, dialect));
  } finally {
    await environment.dispose();
  }
}
