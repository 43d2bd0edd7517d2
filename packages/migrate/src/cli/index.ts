/** The command line of migrations. */
export {
  buildDbCommand,
  type CommandLike,
  type ConfigSource,
  type DbCommandOptions,
  runCommand,
} from "./db-command.js";
