/** Reading the options of a database URL, with a word on those nobody knows; and loading driver packages. */
import { didYouMean } from "../errors/did-you-mean.js";
import { ArgumentError, MissingDriverError } from "../errors/errors.js";
import type { DatabaseUrl } from "./dialect.js";

/** The last value of an option. */
export function urlOption(url: DatabaseUrl, name: string): string | undefined {
  const value = url.query[name];
  return typeof value === "string" ? value : value?.[value.length - 1];
}
/** @throws ArgumentError naming the option that is not among `known` */
export function checkUrlOptions(url: DatabaseUrl, known: readonly string[]): void {
  for (const name of Object.keys(url.query)) {
    if (!known.includes(name)) {
      throw new ArgumentError(
        `The ${url.dialect} URL has no option '${name}'.${didYouMean(name, known)} Known: ${known.join(", ")}.`,
        "url.option",
      );
    }
  }
}
export function booleanOption(url: DatabaseUrl, name: string): boolean | undefined {
  const value = urlOption(url, name);
  if (value === undefined) return undefined;
  if (/^(1|true|on|yes)$/i.test(value)) return true;
  if (/^(0|false|off|no)$/i.test(value)) return false;
  throw new ArgumentError(`The URL option '${name}' is true or false, not '${value}'.`, "url.option");
}
export function numberOption(url: DatabaseUrl, name: string): number | undefined {
  const value = urlOption(url, name);
  if (value === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value);
  throw new ArgumentError(`The URL option '${name}' is a number from 0, not '${value}'.`, "url.option");
}
export function oneOfOption<T extends string>(url: DatabaseUrl, name: string, known: readonly T[]): T | undefined {
  const value = urlOption(url, name)?.toLowerCase();
  if (value === undefined) return undefined;
  const found = known.find((k) => k === value);
  if (found !== undefined) return found;
  throw new ArgumentError(
    `The URL option '${name}' is one of ${known.join(", ")}, not '${value}'.${didYouMean(value, known)}`,
    "url.option",
  );
}

/** Imports a driver package. @throws MissingDriverError with the command that installs it */
export async function importDriver<T>(name: string, dialect: string): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message?: string };
    if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") {
      throw new MissingDriverError(`The driver for ${dialect} is not installed. Run: npm install ${name}`, {
        cause: error,
      });
    }
    if (/NODE_MODULE_VERSION|was compiled against|invalid ELF|bindings file/.test(message ?? "")) {
      throw new MissingDriverError(`The driver for ${dialect} was built for another Node. Run: npm rebuild ${name}`, {
        cause: error,
      });
    }
    throw error;
  }
}
export function unknownDriver(url: DatabaseUrl, known: readonly string[]): ArgumentError {
  return new ArgumentError(
    `${url.dialect} has no driver '${url.driver}'.${didYouMean(url.driver ?? "", known)} Known: ${known.join(", ")}.`,
    "url.driver",
  );
}
