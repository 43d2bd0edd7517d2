// What every package's tests share. Needs vitest; scripts outside vitest import "@athanor/test-support/databases".
export { type Capability, capabilitiesOf, type DatabaseName } from "./capabilities.js";
export { databases, type Target } from "./databases.js";
export { type DescribeOptions, describeEachDatabase } from "./describe.js";
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from "./embedded-postgres.js";
