// Runs one body of tests on every database. A server that is missing is said aloud, in the title and on stderr;
// ATHANOR_REQUIRE_ALL=1 (CI) makes it a failure; for MySQL, which not every machine can have, ATHANOR_REQUIRE_MYSQL=1.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Capability, DatabaseName } from "./capabilities.js";
import { databases, type Target } from "./databases.js";

export interface DescribeOptions {
  /** Only these databases. */
  only?: readonly DatabaseName[];
  /** Only databases that can do all of this. */
  requires?: readonly Capability[];
  /** Also on PGlite, which takes seconds to start and has one connection; ATHANOR_PGLITE=1 says it for all. */
  smoke?: boolean;
}

// At import, because vitest collects describe blocks synchronously.
const targets = await databases();
const said = new Set<string>();

/**
 * Declares `title` once per database; the body gets its target and asks it for fresh databases.
 *
 * @example
 * describeEachDatabase("a unique violation", (target) => {
 *   let engine: Engine;
 *   beforeAll(async () => { engine = createEngine(await target.url()); });
 *   afterAll(() => engine.dispose());
 *   it("names the column", async () => { … });
 * });
 */
export function describeEachDatabase(
  title: string,
  body: (target: Target) => void,
  options: DescribeOptions = {},
): void {
  let declared = false;
  const smoke = options.smoke || options.only?.includes("pglite") || process.env.ATHANOR_PGLITE === "1";
  for (const target of targets) {
    if (options.only && !options.only.includes(target.name)) continue;
    if (options.requires?.some((capability) => !target.capabilities.has(capability))) continue;
    if (target.name === "pglite" && !smoke) continue;
    declared = true;
    if (target.missing !== undefined) absent(title, target, target.missing);
    else present(title, target, body);
  }
  // A file of which ATHANOR_DATABASES leaves nothing is none that forgot its tests.
  if (!declared) describe.skip(`${title} [no database of this run]`, () => it("is left out", () => {}));
}

function present(title: string, target: Target, body: (target: Target) => void): void {
  describe(`${title} [${target.name}]`, () => {
    beforeAll(() => target.start());
    afterAll(() => target.dispose());
    body(target);
  });
}

function absent(title: string, target: Target, why: string): void {
  if (!said.has(target.name)) {
    said.add(target.name);
    process.stderr.write(`SKIPPED on ${target.name}: no server (${why})\n`);
  }
  const demand = target.name === "mysql" ? "ATHANOR_REQUIRE_MYSQL" : "ATHANOR_REQUIRE_ALL";
  const required = process.env[demand] === "1";
  describe.skipIf(!required)(`${title} [${target.name}: SKIPPED, no server]`, () => {
    it("needs a server", () => {
      expect.fail(`${demand}=1, and there is no ${target.name}: ${why}`);
    });
  });
}
