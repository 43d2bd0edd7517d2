/** Engines for databases beside the project's own. */
import { createEngine, type Engine } from "@athanor/core";
import type { Target } from "@athanor/test-support";

export { command } from "../../src/index.js";
export const createEngineFor = async (target: Target): Promise<Engine> => createEngine(await target.url());
