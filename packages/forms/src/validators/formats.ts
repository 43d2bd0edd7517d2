/** Validators for the shape of a text: patterns, addresses, identifiers. Source: WTForms, "Validators". */
import { isIP } from "node:net";
import { FormDefinitionError, ValidationError } from "../errors.js";
import type { Field, Validator } from "../types.js";
import { validatorFactory } from "./chain.js";
import { isHostname } from "./hostname.js";

function shape(test: (text: string) => boolean, message: string | undefined, standard: string): Validator<string> {
  return (_form: unknown, field: Field<string>): void => {
    if (!test(field.data ?? "")) throw new ValidationError(message ?? field.gettext(standard));
  };
}

/** The text must match from its first character on; write `$` to match it whole. */
export const regexp = validatorFactory(function regexp(pattern: RegExp | string, message?: string): Validator<string> {
  const given = typeof pattern === "string" ? new RegExp(pattern) : pattern;
  const anchored = new RegExp(given.source, `${given.flags.replace(/[gy]/g, "")}y`);
  const test = (text: string): boolean => {
    anchored.lastIndex = 0;
    return anchored.test(text);
  };
  return shape(test, message, "Invalid input.");
});

/** Options of {@link email}: letters beyond ASCII before the `@` (allowed), a message of your own. */
export interface EmailOptions {
  readonly message?: string;
  readonly allowUnicode?: boolean;
}

const asciiAtom = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+$/i;
const unicodeAtom = /^[a-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\u{10ffff}-]+$/iu;

/** An e-mail address that can exist on the internet: dot-atom, at most 64 characters, then a domain with a TLD. */
export const email = validatorFactory(function email(options: EmailOptions = {}): Validator<string> {
  const atom = (options.allowUnicode ?? true) ? unicodeAtom : asciiAtom;
  const test = (text: string): boolean => {
    const at = text.lastIndexOf("@");
    const local = text.slice(0, Math.max(at, 0));
    if (local.length === 0 || Buffer.byteLength(local) > 64 || text.length > 254) return false;
    if (!local.split(".").every((part) => atom.test(part))) return false;
    return !text.slice(at + 1).includes("_") && isHostname(text.slice(at + 1), { requireTld: true, allowIp: false });
  };
  return shape(test, options.message, "Invalid email address.");
});

/** Options of {@link url}: `requireTld: false` also takes `http://localhost/`; `schemes` limits to those named. */
export interface UrlOptions {
  readonly message?: string;
  readonly requireTld?: boolean;
  readonly schemes?: readonly string[];
}

const urlPattern = /^([a-z]+):\/\/([^/?:]+)(:[0-9]+)?(\/.*?)?(\?.*)?$/i;

/** An absolute URL `scheme://host...`. Any scheme of letters passes unless `schemes` says otherwise. */
export const url = validatorFactory(function url(options: UrlOptions = {}): Validator<string> {
  const { requireTld = true, schemes } = options;
  const test = (text: string): boolean => {
    const match = urlPattern.exec(text);
    if (match === null || (schemes !== undefined && !schemes.includes(match[1]!.toLowerCase()))) return false;
    return isHostname(match[2]!, { requireTld, allowIp: true });
  };
  return shape(test, options.message, "Invalid URL.");
});

/** Options of {@link ipAddress}: IPv4 only, unless said otherwise. */
export interface IpOptions {
  readonly ipv4?: boolean;
  readonly ipv6?: boolean;
  readonly message?: string;
}

/** @throws FormDefinitionError `forms.validator` when both kinds are switched off. */
export const ipAddress = validatorFactory(function ipAddress(options: IpOptions = {}): Validator<string> {
  const { ipv4 = true, ipv6 = false } = options;
  if (!ipv4 && !ipv6) throw new FormDefinitionError("forms.validator", "ipAddress(): allow ipv4, ipv6 or both.");
  const test = (text: string): boolean => {
    const kind = isIP(text);
    return (kind === 4 && ipv4) || (kind === 6 && ipv6);
  };
  return shape(test, options.message, "Invalid IP address.");
});

/** Six pairs of hexadecimal digits, joined by colons. */
export const macAddress = validatorFactory(function macAddress(message?: string): Validator<string> {
  return shape((text) => /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text), message, "Invalid Mac address.");
});

/** A UUID, with or without hyphens, braces or `urn:uuid:`. */
export const uuid = validatorFactory(function uuid(message?: string): Validator<string> {
  const bare = /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;
  const unwrap = (text: string): string => text.replace(/^urn:uuid:/i, "").replace(/^\{(.*)\}$/s, "$1");
  return shape((text) => bare.test(unwrap(text)), message, "Invalid UUID.");
});
