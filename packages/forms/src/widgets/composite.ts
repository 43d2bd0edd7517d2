/** Widgets made of other fields: selects with options, lists, tables. Source: WTForms, "Widgets". */
import { type Attributes, htmlParams, mergeAttributes } from "../html.js";
import type { RenderedChoice, Widget, WidgetField } from "../types.js";
import { escape, Markup } from "../web.js";
import { applyFlags } from "./inputs.js";

/** What `select` needs beyond an ordinary field. */
interface ChoiceField extends WidgetField {
  iterGroups(): Iterable<readonly [string | null, readonly RenderedChoice[]]>;
}

/** A `<select>`, grouped where the choices are. */
export function select(options: { readonly multiple?: boolean } = {}): Widget {
  return (field, attributes) => {
    if (!("id" in attributes)) attributes.id = field.id;
    if (options.multiple) attributes.multiple = true;
    applyFlags(field, attributes, ["required", "disabled"]);
    if (!("name" in attributes)) attributes.name = field.name;
    let html = `<select ${htmlParams(attributes)}>`;
    for (const [group, choices] of (field as ChoiceField).iterGroups()) {
      if (group !== null) html += `<optgroup ${htmlParams({ label: group })}>`;
      for (const choice of choices)
        html += renderOption(choice.value, choice.label, choice.selected, choice.attributes);
      if (group !== null) html += "</optgroup>";
    }
    return new Markup(`${html}</select>`);
  };
}

/** One `<option>`; the label is text, or Markup that is used as it is. */
export function renderOption(
  value: unknown,
  label: string | Markup,
  selected: boolean,
  attributes: Attributes = {},
): Markup {
  const bag = mergeAttributes(attributes, { value: String(value) });
  if (selected) bag.selected = true;
  return new Markup(`<option ${htmlParams(bag)}>${escape(label)}</option>`);
}

/** Renders one choice of a select that is iterated in a template. */
export function option(): Widget {
  return (field, attributes) =>
    renderOption(field.htmlValue() || "", field.label.text, field.checked ?? false, attributes);
}

/** The parts of a field as list items, label before or after the input. */
export function listWidget(options: { readonly tag?: "ul" | "ol"; readonly prefixLabel?: boolean } = {}): Widget {
  const { tag = "ul", prefixLabel = true } = options;
  return (field, attributes) => {
    if (!("id" in attributes)) attributes.id = field.id;
    let html = `<${tag} ${htmlParams(attributes)}>`;
    for (const part of parts(field)) {
      html += prefixLabel ? `<li>${part.label} ${part}</li>` : `<li>${part} ${part.label}</li>`;
    }
    return new Markup(`${html}</${tag}>`);
  };
}

/** The parts of a field as table rows; hidden inputs move into the next cell, or behind the table. */
export function tableWidget(options: { readonly withTableTag?: boolean } = {}): Widget {
  const { withTableTag = true } = options;
  return (field, attributes) => {
    if (!("id" in attributes)) attributes.id = field.id;
    let html = withTableTag ? `<table ${htmlParams(attributes)}>` : "";
    let hidden = "";
    for (const part of parts(field)) {
      if (part.widget.hidden) hidden += String(part);
      else {
        html += `<tr><th>${part.label}</th><td>${hidden}${part}</td></tr>`;
        hidden = "";
      }
    }
    return new Markup(`${html}${withTableTag ? "</table>" : ""}${hidden}`);
  };
}

function* parts(field: WidgetField): Iterable<WidgetField> {
  const iterate = field[Symbol.iterator];
  if (iterate === undefined) return;
  const iterator = iterate.call(field);
  for (let step = iterator.next(); !step.done; step = iterator.next()) yield step.value;
}
