/**
 * Places of a template where escaping does not help, found in its text: values in attributes without quotes, in
 * `javascript:` links, at the beginning of a link, in event handlers. Source: Flask "Security Considerations", "XSS".
 */
import type { Loader } from "./loaders.js";

export type LintKind = "unquoted-attribute" | "javascript-link" | "link-value" | "event-handler";

export interface LintFinding {
  readonly kind: LintKind;
  readonly template: string;
  readonly line: number;
  /** The expression as it stands there. */
  readonly excerpt: string;
  readonly message: string;
}

const MESSAGES: Readonly<Record<LintKind, string>> = {
  "unquoted-attribute": "A value in an attribute without quotes can add attributes of its own: put quotes around it.",
  "javascript-link": "A value in a javascript: link is run as code, escaped or not: use a data attribute and a script.",
  "link-value":
    "A link that begins with a value may be a javascript: link: build it with url_for(), or check it first.",
  "event-handler": "A value in an event handler is run as code, escaped or not: give it as {{ value|tojson }}.",
};

const LINKS = new Set(["href", "src", "action", "formaction", "xlink:href", "data", "poster"]);
/** Comments, raw blocks and statements say nothing here; expressions are what is looked at. */
const TOKEN =
  /\{#[\s\S]*?#\}|\{%-?\s*raw\s*-?%\}[\s\S]*?\{%-?\s*endraw\s*-?%\}|\{%[\s\S]*?%\}|\{\{[\s\S]*?\}\}|<!--|[\s\S]/g;

type Place =
  | { readonly in: "text" | "comment" | "tag" }
  | { readonly in: "raw-text"; readonly until: string }
  | { readonly in: "attribute"; readonly name: string; readonly quote: string; value: string };

/** What an expression in an attribute risks; undefined: nothing that escaping does not hold. */
function risk(place: Place, excerpt: string): LintKind | undefined {
  if (place.in !== "attribute") return undefined;
  if (place.quote === "") return "unquoted-attribute";
  const name = place.name.toLowerCase();
  if (name.startsWith("on")) return /\|\s*tojson\b/.test(excerpt) ? undefined : "event-handler";
  if (!LINKS.has(name)) return undefined;
  if (/^\s*javascript:/i.test(place.value)) return "javascript-link";
  return place.value.trim() === "" && !/\{\{-?\s*url_?for\s*\(/i.test(excerpt) ? "link-value" : undefined;
}

/**
 * @param name shown in the findings
 * @example for (const { line, message } of lintTemplate(source, "index.html")) console.warn(`index.html:${line} ${message}`);
 */
export function lintTemplate(source: string, name = "<template>"): readonly LintFinding[] {
  const findings: LintFinding[] = [];
  let place: Place = { in: "text" };
  let tag = "";
  let line = 1;
  for (const [token] of source.matchAll(TOKEN)) {
    if (token.startsWith("{{")) {
      const kind = risk(place, token);
      if (kind !== undefined) findings.push({ kind, template: name, line, excerpt: token, message: MESSAGES[kind] });
      if (place.in === "attribute") place.value += token;
    } else if (token.length === 1 || token === "<!--") {
      [place, tag] = step(place, tag, token);
    }
    line += token.split("\n").length - 1;
  }
  return findings;
}

/** One character of HTML further; `seen` is the text since the place began. */
function step(place: Place, seen: string, char: string): [Place, string] {
  switch (place.in) {
    case "text":
      if (char === "<!--") return [{ in: "comment" }, ""];
      return char === "<" ? [{ in: "tag" }, ""] : [place, ""];
    case "comment": {
      const text = seen + char;
      return text.endsWith("-->") ? [{ in: "text" }, ""] : [place, text.slice(-2)];
    }
    case "raw-text": {
      const text = (seen + char).toLowerCase();
      return text.endsWith(place.until)
        ? [{ in: "tag" }, place.until.slice(1)]
        : [place, text.slice(-place.until.length)];
    }
    case "tag":
      return inTag(seen, char);
    case "attribute":
      if (place.quote === "" && place.value === "") {
        if (char === '"' || char === "'") return [{ ...place, quote: char }, seen];
        if (/\s/.test(char)) return [place, seen];
      }
      if (place.quote === "" ? /[\s>]/.test(char) : char === place.quote)
        return char === ">" ? inTag(seen, char) : [{ in: "tag" }, `${seen} `];
      place.value += char;
      return [place, seen];
  }
}

function inTag(seen: string, char: string): [Place, string] {
  if (char === ">") {
    const element = /^(script|style)(?:\s|$)/i.exec(seen)?.[1]?.toLowerCase();
    return element === undefined ? [{ in: "text" }, ""] : [{ in: "raw-text", until: `</${element}` }, ""];
  }
  const text = seen + char;
  const name = /([^\s=<>"'/]+)\s*=$/.exec(text)?.[1];
  // The quote, if there is one, is the next character that is no blank.
  return name === undefined ? [{ in: "tag" }, text] : [{ in: "attribute", name, quote: "", value: "" }, text];
}

/** Every template of a loader. */
export async function lintTemplates(loader: Loader): Promise<readonly LintFinding[]> {
  const findings: LintFinding[] = [];
  for (const name of await loader.list()) {
    const found = await loader.load(name);
    if (found !== undefined) findings.push(...lintTemplate(found.source, name));
  }
  return findings;
}
