// Runs a command against one PostgreSQL 18 from npm: `node --import tsx postgres18.ts npx vitest run …`. Test files that
// start a server of their own (ATHANOR_PG18=1) spend seconds on each.
import { spawn } from "node:child_process";
import { startEmbeddedPostgres } from "../src/embedded-postgres.js";

const [command, ...args] = process.argv.slice(2);
if (command === undefined) throw new Error("usage: postgres18.ts COMMAND [ARGUMENT…]");
const server = await startEmbeddedPostgres({ settings: { max_connections: "200" } });
try {
  const env = { ...process.env, ATHANOR_PG_URL: server.url };
  process.exitCode = await new Promise<number>((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", env });
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
} finally {
  await server.stop();
}
