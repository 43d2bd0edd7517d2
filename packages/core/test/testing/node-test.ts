// Not a vitest file: third-party.test.ts runs it with node:test.
import { after, before, describe, it } from "node:test";
import { createEngine, registerDialect } from "../../src/index.js";
import { dialectSuite } from "../../src/testing/index.js";
import { MemoDialect } from "./memo-dialect.js";

registerDialect("memo", () => new MemoDialect());
dialectSuite(
  { describe, it, beforeAll: before, afterAll: after },
  {
    createEngine: () => createEngine("memo://"),
    capabilities: { concurrentConnections: false },
  },
);
