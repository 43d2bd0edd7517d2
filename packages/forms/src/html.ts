/** HTML attribute text from keyword-like objects: cleaned and checked names, escaped values, sorted output. */
import { FormError } from "./errors.js";
import { escape, Markup } from "./web.js";

/** What an attribute may be: `true` writes the bare name, `false`, `null` and `undefined` leave it out. */
export type AttributeValue = string | number | bigint | boolean | null | undefined | Markup;
export type Attributes = { readonly [name: string]: AttributeValue };
/** The working copy a widget adds to. */
export type AttributeBag = { [name: string]: AttributeValue };

// HTML: attribute names hold no white space, quotes, `<`, `>`, `/`, `=` or control characters.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is being refused
const unsafeName = /[\s"'<>/=\u0000-\u001f\u007f-\u009f]/;

/** `class_` and `for_` lose the underscore; `data_x_y` and `aria_x` get hyphens. */
export function cleanKey(key: string): string {
  const bare = key.replace(/_+$/, "");
  return bare.startsWith("data_") || bare.startsWith("aria_") ? bare.replaceAll("_", "-") : bare;
}

/** A fresh bag with cleaned names; later sources win. */
export function mergeAttributes(...sources: readonly (Attributes | null | undefined)[]): AttributeBag {
  const bag: AttributeBag = Object.create(null);
  for (const source of sources) {
    if (source === null || source === undefined) continue;
    for (const [key, value] of Object.entries(source)) bag[cleanKey(key)] = value;
  }
  return bag;
}

/**
 * The attributes as text, sorted by name: `{ class_: "x", checked: true }` gives `checked class="x"`.
 *
 * @throws FormError `forms.attribute` for a name that could not be an attribute.
 * Source: WTForms, "Widgets: html_params".
 */
export function htmlParams(attributes: Attributes): string {
  const parts: string[] = [];
  const bag = mergeAttributes(attributes);
  for (const key of Object.keys(bag).sort(byCodePoint)) {
    const value = bag[key];
    if (value === false || value === null || value === undefined) continue;
    if (key === "" || unsafeName.test(key)) {
      throw new FormError("forms.attribute", `${JSON.stringify(key)} cannot be the name of an HTML attribute.`);
    }
    parts.push(value === true ? key : `${key}="${attributeText(value)}"`);
  }
  return parts.join(" ");
}

// Markup keeps its entities, yet must not be able to close the quotes it stands in.
function attributeText(value: Exclude<AttributeValue, boolean | null | undefined>): string {
  return value instanceof Markup ? String(value).replaceAll('"', "&#34;") : String(escape(String(value)));
}

function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
