// The public suite on our own dialects: what a third party has to pass, we pass.
import { describeEachDatabase } from "@athanor/test-support";
import { afterAll, beforeAll, describe, it } from "vitest";
import { createEngine } from "../../src/index.js";
import { dialectSuite, type SuiteCapabilities } from "../../src/testing/index.js";

describeEachDatabase(
  "the dialect suite",
  (target) => {
    // Facts of the servers, kept in test-support, not what @athanor/core believes of them.
    const can = (what: Parameters<typeof target.capabilities.has>[0]) => target.capabilities.has(what);
    const capabilities: Partial<SuiteCapabilities> = {
      concurrentConnections: can("concurrentConnections"),
      transactionSurvivesError: can("transactionSurvivesError"),
      caseSensitiveEquality: can("caseSensitiveEquality"),
      expressionIndexes: can("expressionIndexes"),
      partialIndexes: can("partialIndexes"),
      insertReturning: can("insertReturning"),
      updateReturning: can("updateReturning"),
      deleteReturning: can("deleteReturning"),
      transactionalDdl: can("transactionalDdl"),
      comments: can("comments"),
      fullJoin: can("fullOuterJoin"),
      rowLocks: can("rowLocks"),
    };
    dialectSuite(
      { describe, it, beforeAll, afterAll },
      { createEngine: async () => createEngine(await target.url()), capabilities },
    );
  },
  { smoke: true },
);
