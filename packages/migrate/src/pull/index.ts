/** From a database to code. */
export { type PullCommandOptions, type PulledFile, pullCommand } from "./command.js";
export { type PulledModels, type PullOptions, pullModels } from "./pull.js";
