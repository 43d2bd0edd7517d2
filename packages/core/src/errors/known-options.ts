/** Options given to a function: a name it does not know is a mistake of the caller's, never silence. */
import { didYouMean } from "./did-you-mean.js";
import { ArgumentError } from "./errors.js";

/** @throws ArgumentError naming the option that is not among `known`; `where` is what was called: `connect()` */
export function requireKnownOptions(given: object, known: readonly string[], where: string, code: string): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name))
      throw new ArgumentError(`${where}: there is no option '${name}'.${didYouMean(name, known)}`, code);
  }
}
