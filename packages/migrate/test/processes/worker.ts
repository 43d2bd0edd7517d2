/**
 * A process that upgrades: bundled by `processes.ts`. With an IPC channel it upgrades once per message; otherwise it
 * upgrades the database and directory of its arguments and ends.
 */

import * as core from "@athanor/core";
import { command } from "../../src/index.js";

// Revision files of these tests are plain JavaScript and find the core here.
Object.assign(globalThis, { core });

interface Job {
  readonly url: string;
  readonly directory: string;
  readonly perMigration?: boolean;
}
async function upgrade(job: Job): Promise<readonly string[]> {
  const log: string[] = [];
  await command.upgrade(
    {
      url: job.url,
      directory: job.directory,
      stdout: () => {},
      log: (line) => {
        log.push(line);
        if (process.send === undefined) process.stderr.write(`${line}\n`);
      },
      transactionPerMigration: job.perMigration ?? false,
    },
    "head",
  );
  return log;
}

if (process.send !== undefined) {
  process.on("message", (job: Job) => {
    upgrade(job).then(
      (log) => process.send?.({ log }),
      (error: Error) => process.send?.({ error: `${error.stack}` }),
    );
  });
  process.send({ ready: true });
} else {
  const [url = "", directory = "", perMigration] = process.argv.slice(2);
  upgrade({ url, directory, perMigration: perMigration === "per" }).then(
    () => process.exit(0),
    (error: Error) => {
      process.stderr.write(`${error.stack}\n`);
      process.exit(1);
    },
  );
}
