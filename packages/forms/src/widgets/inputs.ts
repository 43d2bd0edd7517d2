/** Widgets for `<input>` and `<textarea>`. Source: WTForms, "Widgets". */
import { type AttributeBag, htmlParams } from "../html.js";
import type { FieldFlags, Widget, WidgetField } from "../types.js";
import { escape, Markup } from "../web.js";

type FlagName = keyof FieldFlags;

const everywhere: readonly FlagName[] = ["required", "disabled"];
const textual: readonly FlagName[] = [...everywhere, "readonly", "maxlength", "minlength", "pattern"];
const area: readonly FlagName[] = [...everywhere, "readonly", "maxlength", "minlength"];
const ranged: readonly FlagName[] = [...everywhere, "readonly", "max", "min", "step"];
const upload: readonly FlagName[] = [...everywhere, "accept"];

/** Copies the flags a widget understands into the attributes, unless the caller gave them. */
export function applyFlags(field: WidgetField, attributes: AttributeBag, names: readonly FlagName[]): void {
  for (const name of names) {
    const flag = field.flags[name];
    if (flag !== undefined && !(name in attributes)) attributes[name] = flag;
  }
}

function setDefault(attributes: AttributeBag, name: string, value: AttributeBag[string]): void {
  if (!(name in attributes)) attributes[name] = value;
}

function renderInput(type: string, field: WidgetField, attributes: AttributeBag, flags: readonly FlagName[]): Markup {
  setDefault(attributes, "id", field.id);
  setDefault(attributes, "type", type);
  if (!("value" in attributes)) attributes.value = field.htmlValue();
  applyFlags(field, attributes, flags);
  setDefault(attributes, "name", field.name);
  return new Markup(`<input ${htmlParams(attributes)}>`);
}

/** An `<input>` of any type, for types that have no widget here. */
export function input(type: string, flags: readonly FlagName[] = everywhere): Widget {
  return (field, attributes) => renderInput(type, field, attributes, flags);
}

export const textInput = (): Widget => input("text", textual);
export const searchInput = (): Widget => input("search", textual);
export const telInput = (): Widget => input("tel", textual);
export const urlInput = (): Widget => input("url", textual);
export const emailInput = (): Widget => input("email", textual);
export const colorInput = (): Widget => input("color");
export const dateInput = (): Widget => input("date", ranged);
export const dateTimeInput = (): Widget => input("datetime", ranged);
export const dateTimeLocalInput = (): Widget => input("datetime-local", ranged);
export const timeInput = (): Widget => input("time", ranged);
export const monthInput = (): Widget => input("month", ranged);
export const weekInput = (): Widget => input("week", ranged);

/** A password is never sent back to the browser unless `hideValue` is switched off. */
export function passwordInput(options: { readonly hideValue?: boolean } = {}): Widget {
  const hide = options.hideValue ?? true;
  return (field, attributes) => {
    if (hide) attributes.value = "";
    return renderInput("password", field, attributes, textual);
  };
}

/** A number; `step`, `min` and `max` are defaults of the attributes. */
export function numberInput(
  limits: { readonly step?: string | number; readonly min?: number; readonly max?: number } = {},
): Widget {
  return (field, attributes) => {
    for (const [name, value] of Object.entries(limits)) setDefault(attributes, name, value);
    return renderInput("number", field, attributes, ranged);
  };
}

export function rangeInput(options: { readonly step?: string | number } = {}): Widget {
  return (field, attributes) => {
    if (options.step !== undefined) setDefault(attributes, "step", options.step);
    return renderInput("range", field, attributes, ranged);
  };
}

export function hiddenInput(): Widget {
  return Object.assign(input("hidden"), { hidden: true, flags: { hidden: true } });
}

export function checkboxInput(): Widget {
  return (field, attributes) => {
    if (field.checked ?? Boolean(field.data)) attributes.checked = true;
    return renderInput("checkbox", field, attributes, everywhere);
  };
}

/** One radio button; mostly used through a list of them. */
export function radioInput(): Widget {
  return (field, attributes) => {
    if (field.checked) attributes.checked = true;
    return renderInput("radio", field, attributes, everywhere);
  };
}

/** Browsers ignore a value here, so none is written. */
export function fileInput(options: { readonly multiple?: boolean } = {}): Widget {
  return (field, attributes) => {
    attributes.value = false;
    if (options.multiple) attributes.multiple = true;
    return renderInput("file", field, attributes, upload);
  };
}

/** A submit button shows its label. */
export function submitInput(): Widget {
  return (field, attributes) => {
    setDefault(attributes, "value", field.label.text);
    return renderInput("submit", field, attributes, everywhere);
  };
}

/** HTML drops one line break after the tag; writing one keeps the user's own first line break. */
export function textArea(): Widget {
  return (field, attributes) => {
    setDefault(attributes, "id", field.id);
    applyFlags(field, attributes, area);
    setDefault(attributes, "name", field.name);
    return new Markup(`<textarea ${htmlParams(attributes)}>\r\n${escape(field.htmlValue() || "")}</textarea>`);
  };
}
