/** From a database to code. */
export { type PullCommandOptions, type PulledFile, pullCommand } from "./command.js";
export { camelCase, NameSpace, pascalCase, pluralOf, singularOf, withoutKeySuffix, wordsOf } from "./names.js";
export { type PulledModels, type PullOptions, pullModels } from "./pull.js";
