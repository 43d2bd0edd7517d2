/** Host names, also internationalized ones, by the rules that URL and e-mail validators share. */
import { isIP } from "node:net";
import { domainToASCII } from "node:url";

const labelPattern = /^(?:xn-|[a-z0-9_]+)(?:-[a-z0-9_-]+)*$/i;
const topLevelPattern = /^(?:[a-z]{2,20}|xn--(?:[a-z0-9]+-)*[a-z0-9]+)$/i;

/** Whether the text names a host; `requireTld` refuses `localhost`, `allowIp` accepts addresses. */
export function isHostname(
  text: string,
  options: { readonly requireTld: boolean; readonly allowIp: boolean },
): boolean {
  if (options.allowIp && isIP(text) !== 0) return true;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII needs no conversion, and is judged as written
  const host = /^[\u0000-\u007f]*$/.test(text) ? text : domainToASCII(text);
  if (host === "" || host.length > 253) return false;
  const labels = host.split(".");
  if (labels.some((label) => label.length === 0 || label.length > 63 || !labelPattern.test(label))) return false;
  return !options.requireTld || (labels.length >= 2 && topLevelPattern.test(labels.at(-1)!));
}
