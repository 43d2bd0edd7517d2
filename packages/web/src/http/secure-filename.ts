/** Makes a client's file name safe to use on disk (Werkzeug: secure_filename). */

const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\..*)?$/i;

/**
 * ASCII letters, digits, "_", "." and "-" only; no folders, no leading dots. May return "": then make up a name.
 *
 * @example secureFilename("../../etc/pass wd") // "etc_pass_wd"
 */
export function secureFilename(filename: string): string {
  const ascii = filename
    .normalize("NFKD")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: everything outside ASCII goes
    .replace(/[^\x00-\x7f]/g, "")
    .replace(/[/\\]/g, " ")
    .split(/\s+/)
    .filter((part) => part !== "")
    .join("_")
    .replace(/[^A-Za-z0-9_.-]/g, "")
    .replace(/^[._]+|[._]+$/g, "");
  return DEVICES.test(ascii) ? `_${ascii}` : ascii;
}
