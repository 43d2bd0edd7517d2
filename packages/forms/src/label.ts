/** The label of a field: prints itself, or with attributes when called. */
import { CallableObject } from "./callable.js";
import { type Attributes, htmlParams, mergeAttributes } from "./html.js";
import { escape, Markup } from "./web.js";

export interface Label {
  (attributes?: Attributes): Markup;
  (text: string | Markup | null | undefined, attributes?: Attributes): Markup;
}

/**
 * `{{ form.name.label }}` or `{{ form.name.label("Your name", class_="wide") }}`.
 * Source: WTForms, "Fields: Label".
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor really returns a function
export class Label extends CallableObject {
  readonly fieldId: string;
  text: string;

  constructor(fieldId: string, text: string) {
    super();
    this.fieldId = fieldId;
    this.text = text;
  }

  protected override invoke(first?: unknown, second?: unknown): Markup {
    const textGiven = typeof first === "string" || first instanceof Markup;
    const attributes = mergeAttributes((textGiven || !isBag(first) ? second : first) as Attributes | undefined);
    if (!("for" in attributes)) attributes.for = this.fieldId;
    const text = textGiven && String(first) !== "" ? first : this.text;
    return new Markup(`<label ${htmlParams(attributes)}>${escape(text)}</label>`);
  }
}

function isBag(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The label of a field that names none: `first_name` and `firstName` give "First Name". */
export function titleFromName(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .split(/[_\s]+/)
    .filter((word) => word !== "")
    .map((word) => word[0]!.toUpperCase() + word.slice(1).toLowerCase())
    .join(" ");
}
