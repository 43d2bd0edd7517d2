/**
 * `@athanor/core/testing`: assertions about SQL for the tests of programs, and the suite by which a dialect proves itself
 * (docs/dialects.md).
 */
export {
  allOf,
  assertSql,
  assertStatementCount,
  assertStatements,
  type CompileOptions,
  type ExpectedStatement,
  normalizeSql,
  oneOf,
  recordStatements,
  type SentStatement,
  StatementSet,
} from "./assertions.js";
export {
  type Behaviour,
  type BehaviourGroup,
  behaviour,
  plain,
  type SuiteAssert,
  type SuiteContext,
} from "./behaviour.js";
export { behaviourGroups } from "./behaviours/index.js";
export { type SuiteCapabilities, type SuiteFlag, suiteCapabilities } from "./capabilities.js";
export { shuffleReturning } from "./shuffle.js";
export { type DialectSuiteOptions, dialectSuite, type SuiteRunner, type SuiteTestContext } from "./suite.js";
