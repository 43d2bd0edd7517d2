/** `@athanor/core/testing`: the suite by which a dialect proves itself. The recipe is in docs/dialects.md. */
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
export { type DialectSuiteOptions, dialectSuite, type SuiteRunner, type SuiteTestContext } from "./suite.js";
