/** What the generated parts of revision files make: so much of a database is the project's own, though no model says so. */
import { generatedBegin, generatedEnd } from "./template.js";

/** What is looked for: the word it is written with (`view("adults", …)`, `op.createSequence("tickets")`), and its name. */
export type MadeHere = (factory: string, name: string) => boolean;

/**
 * Reads the text between the two marks of generated parts, in upgrades and downgrades alike. What somebody wrote by hand
 * does not count, since by hand it goes again.
 *
 * @example madeInGeneratedParts([text])("view", "adults")
 */
export function madeInGeneratedParts(texts: readonly string[]): MadeHere {
  const made = new Set<string>();
  for (const text of texts) {
    for (const part of text.split(generatedBegin).slice(1)) {
      // A formatter may have chosen other quotes and other lines.
      for (const [, factory, , name] of (part.split(generatedEnd)[0] as string).matchAll(CALLS))
        made.add(JSON.stringify([factory, unescaped(name as string)]));
    }
  }
  return (factory, name) => made.has(JSON.stringify([factory, name]));
}
const CALLS =
  /\b(view|materializedView|storedFunction|storedProcedure|trigger|createSequence|createTable)\(\s*(["'`])((?:\\.|(?!\2)[^\\])*)\2/gs;
const unescaped = (text: string) => text.replaceAll(/\\(.)/gs, "$1");
